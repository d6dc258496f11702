import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;

/**
 * A Java service that knows the standards and nothing of us: what it does is written from the RFCs, with the JDK alone. It
 * is told what to do line by line, a verb and `name=value` with tabs between: `ask`, `serve`, `key`, `token`, `verify`.
 */
public class WirePeer {
  private static final Map<String, HttpClient> clients = new HashMap<>();

  public static void main(String[] args) throws Exception {
    System.setOut(new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8)); // wherever it runs
    System.out.println("ready");
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      try {
        System.out.println("ok " + obey(line.split("\t")));
      } catch (Throwable error) {
        System.out.println("failed " + String.valueOf(error).split("\n")[0]);
      }
    }
    System.exit(0);
  }

  private static String obey(String[] words) throws Exception {
    Map<String, String> said = new HashMap<>();
    for (String word : Arrays.copyOfRange(words, 1, words.length)) {
      int at = word.indexOf('=');
      said.put(word.substring(0, at), word.substring(at + 1));
    }
    return switch (words[0]) {
      case "ask" -> ask(said);
      case "serve" -> MessageSignatures.serve(said.get("secret"));
      case "key" -> WebKeys.key(said.get("alg"));
      case "token" -> WebKeys.token(said.get("header"), said.get("claims"), said.get("alg"));
      case "verify" -> WebKeys.verify(said.get("token"), said.get("jwk"), said.get("alg"));
      default -> throw new IllegalArgumentException(words[0]);
    };
  }

  /** `url`, `method`, `body`, `http` (1 or 2), `tls` (a version) with `cert`, `key` and `ca`; and all of `sign`. */
  private static String ask(Map<String, String> said) throws Exception {
    String name = said.getOrDefault("tls", "") + said.getOrDefault("http", "1") + said.get("cert");
    HttpClient client = clients.get(name);
    if (client == null) clients.put(name, client = client(said));
    URI url = URI.create(said.get("url"));
    String method = said.getOrDefault("method", "GET");
    byte[] body = said.getOrDefault("body", "").getBytes(StandardCharsets.UTF_8);
    HttpRequest.Builder request = HttpRequest.newBuilder(url)
        .timeout(Duration.ofSeconds(10))
        .method(method, said.containsKey("body") ? HttpRequest.BodyPublishers.ofByteArray(body) : HttpRequest.BodyPublishers.noBody());
    if (said.containsKey("secret")) MessageSignatures.sign(said, method, url, body).forEach(request::header);
    HttpResponse<String> answer = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    String version = answer.version() == HttpClient.Version.HTTP_2 ? "2" : "1.1";
    return answer.statusCode() + " " + version + " " + answer.body().replace("\n", " ");
  }

  private static HttpClient client(Map<String, String> said) throws Exception {
    boolean isSecond = "2".equals(said.get("http"));
    HttpClient.Builder builder = HttpClient.newBuilder()
        .version(isSecond ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1);
    if (said.containsKey("tls")) {
      SSLParameters parameters = new SSLParameters();
      parameters.setProtocols(new String[] {said.get("tls")});
      builder.sslContext(tls(said)).sslParameters(parameters);
    }
    return builder.build();
  }

  private static SSLContext tls(Map<String, String> said) throws Exception {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    KeyStore ours = KeyStore.getInstance("PKCS12");
    KeyStore authorities = KeyStore.getInstance("PKCS12");
    ours.load(null, null);
    authorities.load(null, null);
    if (said.containsKey("cert")) {
      PrivateKey key = KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der(said.get("key"))));
      Certificate certificate = factory.generateCertificate(new ByteArrayInputStream(der(said.get("cert"))));
      ours.setKeyEntry("ours", key, new char[0], new Certificate[] {certificate});
    }
    authorities.setCertificateEntry("ca", factory.generateCertificate(new ByteArrayInputStream(der(said.get("ca")))));
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(ours, new char[0]);
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(authorities);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private static byte[] der(String file) throws IOException {
    return Base64.getMimeDecoder().decode(Files.readString(Path.of(file)).replaceAll("-----[^-]+-----", ""));
  }
}
