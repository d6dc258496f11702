import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.AlgorithmParameters;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.EdECPoint;
import java.security.spec.EdECPublicKeySpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** JSON Web Keys and Signatures (RFC 7517, 7515, 7518, 8037), with the JDK alone. */
class WebKeys {
  private static final Base64.Encoder URL = Base64.getUrlEncoder().withoutPadding();
  private static KeyPair pair;

  /** Makes a pair of keys that it keeps, and gives the public one. */
  static String key(String alg) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(
        alg.equals("ES256") ? "EC" : alg.equals("EdDSA") ? "Ed25519" : "RSA");
    if (alg.equals("ES256")) generator.initialize(new ECGenParameterSpec("secp256r1"));
    pair = generator.generateKeyPair();
    String id = "\"kid\":\"java\",\"use\":\"sig\",\"alg\":\"" + alg + "\",";
    if (pair.getPublic() instanceof ECPublicKey key) {
      String point = "\"x\":\"" + number(key.getW().getAffineX(), 32) + "\",\"y\":\"" + number(key.getW().getAffineY(), 32);
      return "{" + id + "\"kty\":\"EC\",\"crv\":\"P-256\"," + point + "\"}";
    }
    if (pair.getPublic() instanceof EdECPublicKey key) {
      byte[] encoded = key.getEncoded(); // of X.509: the point is what stands last
      String x = URL.encodeToString(Arrays.copyOfRange(encoded, encoded.length - 32, encoded.length));
      return "{" + id + "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" + x + "\"}";
    }
    RSAPublicKey key = (RSAPublicKey) pair.getPublic();
    return "{" + id + "\"kty\":\"RSA\",\"n\":\"" + number(key.getModulus(), 256) + "\",\"e\":\"" + number(key.getPublicExponent(), 3) + "\"}";
  }

  private static String number(BigInteger number, int length) {
    byte[] signed = number.toByteArray();
    byte[] bytes = new byte[length];
    int from = Math.max(0, signed.length - length);
    System.arraycopy(signed, from, bytes, length - (signed.length - from), signed.length - from);
    return URL.encodeToString(bytes);
  }

  /** A token with this header and these claims, by the pair that was made. */
  static String token(String header, String claims, String alg) throws Exception {
    String input = URL.encodeToString(header.getBytes(StandardCharsets.UTF_8)) + "." + URL.encodeToString(claims.getBytes(StandardCharsets.UTF_8));
    Signature signature = signature(alg);
    signature.initSign(pair.getPrivate());
    signature.update(input.getBytes(StandardCharsets.US_ASCII));
    return input + "." + URL.encodeToString(signature.sign());
  }

  /** The header and the claims of a token, if this key has signed it. */
  static String verify(String token, String jwk, String alg) throws Exception {
    String[] parts = token.split("\\.");
    Signature signature = signature(alg);
    signature.initVerify(publicKey(jwk));
    signature.update((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
    if (!signature.verify(bytes(parts[2]))) throw new IllegalArgumentException("not signed by that key");
    return new String(bytes(parts[0]), StandardCharsets.UTF_8) + " " + new String(bytes(parts[1]), StandardCharsets.UTF_8);
  }

  private static Signature signature(String alg) throws Exception {
    Signature signature = Signature.getInstance(switch (alg) {
      case "ES256" -> "SHA256withECDSAinP1363Format";
      case "EdDSA" -> "Ed25519";
      case "RS256" -> "SHA256withRSA";
      default -> "RSASSA-PSS";
    });
    if (alg.equals("PS256")) signature.setParameter(new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
    return signature;
  }

  private static PublicKey publicKey(String jwk) throws Exception {
    if (jwk.contains("\"RSA\"")) {
      return KeyFactory.getInstance("RSA").generatePublic(new RSAPublicKeySpec(positive(jwk, "n"), positive(jwk, "e")));
    }
    if (jwk.contains("\"EC\"")) {
      AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
      curve.init(new ECGenParameterSpec("secp256r1"));
      ECPoint point = new ECPoint(positive(jwk, "x"), positive(jwk, "y"));
      return KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(point, curve.getParameterSpec(ECParameterSpec.class)));
    }
    byte[] x = bytes(member(jwk, "x")); // little-endian, and its last bit is the sign (RFC 8032)
    boolean isOdd = (x[31] & 0x80) != 0;
    x[31] &= 0x7f;
    List<Byte> reversed = new ArrayList<>();
    for (byte one : x) reversed.add(0, one);
    byte[] y = new byte[32];
    for (int at = 0; at < 32; at++) y[at] = reversed.get(at);
    EdECPoint point = new EdECPoint(isOdd, new BigInteger(1, y));
    return KeyFactory.getInstance("Ed25519").generatePublic(new EdECPublicKeySpec(NamedParameterSpec.ED25519, point));
  }

  private static String member(String jwk, String name) {
    Matcher found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(jwk);
    if (!found.find()) throw new IllegalArgumentException("no " + name + " in " + jwk);
    return found.group(1);
  }

  private static BigInteger positive(String jwk, String name) {
    return new BigInteger(1, bytes(member(jwk, name)));
  }

  private static byte[] bytes(String text) {
    return Base64.getUrlDecoder().decode(text);
  }
}
