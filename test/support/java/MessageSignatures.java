import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.Signature;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** HTTP Message Signatures (RFC 9421) by hmac-sha256, and Content-Digest (RFC 9530), with the JDK alone. */
class MessageSignatures {
  /**
   * `secret`, and how the signature is spelled: `label`, `components` as they stand in the list, and `parameters`, in which
   * CREATED and NONCE stand for those of now; `beside` is a signature of somebody else, described, which stands first.
   */
  static Map<String, String> sign(Map<String, String> said, String method, URI url, byte[] body) throws Exception {
    String digest = "sha-256=:" + base64(MessageDigest.getInstance("SHA-256").digest(body)) + ":";
    byte[] nonce = new byte[15];
    new SecureRandom().nextBytes(nonce);
    String parameters = said.get("parameters")
        .replace("CREATED", String.valueOf(Instant.now().getEpochSecond()))
        .replace("NONCE", Base64.getUrlEncoder().encodeToString(nonce));
    String label = said.getOrDefault("label", "sig1");
    String input = "(" + said.get("components") + ")" + parameters;
    Function<String, String> field = name -> name.equals("content-digest") ? digest : null;
    String base = base(said.get("components"), input, method, url.getRawPath(), url.getRawQuery(), field);
    String[] beside = said.containsKey("beside") ? new String[] {said.get("beside") + ", ", "other=:AAAA:, "} : new String[] {"", ""};
    Map<String, String> headers = new HashMap<>();
    headers.put("Signature-Input", beside[0] + label + "=" + input);
    headers.put("Signature", beside[1] + label + "=:" + base64(mac(said.get("secret"), base)) + ":");
    if (said.get("components").contains("content-digest")) headers.put("Content-Digest", digest);
    return headers;
  }

  /** The signature base (2.5): a line for each component, and the parameters. */
  private static String base(String components, String input, String method, String path, String query, Function<String, String> field) {
    StringBuilder base = new StringBuilder();
    for (String component : components.split(" ")) {
      String name = component.substring(1, component.lastIndexOf('"'));
      String value = switch (name) {
        case "@method" -> method;
        case "@path" -> path.isEmpty() ? "/" : path;
        case "@query" -> "?" + (query == null ? "" : query);
        default -> field.apply(name);
      };
      base.append(component).append(": ").append(value).append('\n');
    }
    return base.append("\"@signature-params\": ").append(input).toString();
  }

  private static byte[] mac(String secret, String base) throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    return mac.doFinal(base.getBytes(StandardCharsets.US_ASCII));
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  /** A server that answers who has signed a request, or what is wrong with it; gives its port. */
  static String serve(String secret) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext("/", exchange -> {
      String answer;
      int status = 200;
      try {
        answer = check(exchange, secret);
      } catch (Throwable error) {
        answer = String.valueOf(error);
        status = 401;
      }
      byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
      exchange.close();
    });
    server.start();
    return String.valueOf(server.getAddress().getPort());
  }

  private static final Pattern INPUT = Pattern.compile("([a-z*][a-z0-9_.*-]*)=(\\(([^)]*)\\)(.*))");

  private static String check(HttpExchange exchange, String secret) throws Exception {
    Function<String, String> field = name -> String.join(", ", exchange.getRequestHeaders().getOrDefault(name, List.of()));
    byte[] body = exchange.getRequestBody().readAllBytes();
    Matcher input = INPUT.matcher(field.apply("Signature-Input"));
    if (!input.matches()) throw new IllegalArgumentException("Signature-Input: " + field.apply("Signature-Input"));
    URI target = exchange.getRequestURI();
    String base = base(input.group(3), input.group(2), exchange.getRequestMethod(), target.getRawPath(), target.getRawQuery(), field);
    String wanted = input.group(1) + "=:" + base64(mac(secret, base)) + ":";
    if (!wanted.equals(field.apply("Signature"))) throw new IllegalArgumentException("another signature than of " + base);
    if (body.length > 0 && !input.group(3).contains("\"content-digest\"")) throw new IllegalArgumentException("no digest");
    String digest = "sha-256=:" + base64(MessageDigest.getInstance("SHA-256").digest(body)) + ":";
    if (body.length > 0 && !digest.equals(field.apply("Content-Digest"))) throw new IllegalArgumentException("another body");
    Matcher who = Pattern.compile(";keyid=\"([^\"]*)\"").matcher(input.group(4));
    return (who.find() ? who.group(1) : "nobody") + " " + new String(body, StandardCharsets.UTF_8);
  }
}
