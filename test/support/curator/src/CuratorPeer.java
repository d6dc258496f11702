import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.ExponentialBackoffRetry;
import org.apache.curator.x.discovery.ServiceCache;
import org.apache.curator.x.discovery.ServiceDiscovery;
import org.apache.curator.x.discovery.ServiceDiscoveryBuilder;
import org.apache.curator.x.discovery.ServiceInstance;
import org.apache.curator.x.discovery.ServiceProvider;
import org.apache.curator.x.discovery.UriSpec;
import org.apache.curator.x.discovery.details.ServiceCacheListener;

/**
 * A Java service on Curator, told what to do line by line: `register NAME ID ADDRESS PORT [key=value…]`, `meta ID KEY
 * VALUE`, `unregister ID`, `list NAME`, `watch NAME`, `pick NAME`, `close`. Answers each with a line, and says `CACHE NAME
 * [id@address:port…]` whenever a watched service changes.
 */
public class CuratorPeer {
  private final CuratorFramework client;
  private final ServiceDiscovery<Object> discovery;
  private final String form;
  private final Map<String, ServiceInstance<Object>> registered = new HashMap<>();

  public static void main(String[] args) throws Exception {
    CuratorPeer peer = new CuratorPeer(args[0], args[1], args[2]);
    say("ready");
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      try {
        String answer = peer.obey(line.split(" "));
        say("ok" + (answer.isEmpty() ? "" : " " + answer));
      } catch (Throwable error) {
        say("failed " + error.getClass().getSimpleName() + ": " + String.valueOf(error.getMessage()).split("\n")[0]);
      }
    }
    System.exit(0);
  }

  private CuratorPeer(String servers, String root, String form) throws Exception {
    this.form = form;
    client = CuratorFrameworkFactory.builder()
        .connectString(servers)
        .sessionTimeoutMs(10_000)
        .connectionTimeoutMs(5_000)
        .retryPolicy(new ExponentialBackoffRetry(50, 10, 500))
        .build();
    client.getConnectionStateListenable().addListener((ignored, state) -> {
      if (state != ConnectionState.CONNECTED) say("STATE " + state);
    });
    client.start();
    client.blockUntilConnected();
    discovery = ServiceDiscoveryBuilder.builder(Object.class).client(client).basePath(root).build();
    discovery.start();
  }

  private static synchronized void say(String line) {
    System.out.println(line);
    System.out.flush();
  }

  private String obey(String[] words) throws Exception {
    switch (words[0]) {
      case "register": return register(words);
      case "meta": return meta(words[1], words[2], words[3]);
      case "unregister": discovery.unregisterService(registered.remove(words[1])); return "";
      case "list": return show(discovery.queryForInstances(words[1]));
      case "watch": return watch(words[1]);
      case "pick": return pick(words[1]);
      case "close": discovery.close(); client.close(); return "";
      default: throw new IllegalArgumentException(words[0]);
    }
  }

  private String register(String[] words) throws Exception {
    Map<String, String> metadata = new LinkedHashMap<>();
    for (String pair : Arrays.asList(words).subList(5, words.length)) {
      metadata.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
    }
    ServiceInstance<Object> instance = ServiceInstance.<Object>builder()
        .name(words[1])
        .id(words[2])
        .address(words[3])
        .port(Integer.parseInt(words[4]))
        .payload(payload(words[2], words[1], metadata))
        .uriSpec(new UriSpec("{scheme}://{address}:{port}"))
        .build();
    registered.put(words[2], instance);
    discovery.registerService(instance);
    return "";
  }

  private Object payload(String id, String name, Map<String, String> metadata) {
    if (form.equals("spring")) {
      return new org.springframework.cloud.zookeeper.discovery.ZookeeperInstance(id, name, metadata);
    }
    if (form.equals("dubbo")) {
      return new org.apache.dubbo.registry.zookeeper.ZookeeperInstance(id, name, metadata);
    }
    return metadata;
  }

  @SuppressWarnings("unchecked")
  private String meta(String id, String key, String value) throws Exception {
    Object payload = registered.get(id).getPayload();
    if (payload instanceof Map) {
      ((Map<String, String>) payload).put(key, value);
    } else if (payload instanceof org.springframework.cloud.zookeeper.discovery.ZookeeperInstance) {
      ((org.springframework.cloud.zookeeper.discovery.ZookeeperInstance) payload).getMetadata().put(key, value);
    } else {
      ((org.apache.dubbo.registry.zookeeper.ZookeeperInstance) payload).getMetadata().put(key, value);
    }
    discovery.updateService(registered.get(id));
    return "";
  }

  private String watch(String name) throws Exception {
    ServiceCache<Object> cache = discovery.serviceCacheBuilder().name(name).build();
    cache.addListener(new ServiceCacheListener() {
      @Override
      public void cacheChanged() {
        say("CACHE " + name + " " + show(cache.getInstances()));
      }

      @Override
      public void stateChanged(CuratorFramework ignored, ConnectionState state) {}
    });
    cache.start();
    return show(cache.getInstances());
  }

  private String pick(String name) throws Exception {
    ServiceProvider<Object> provider = discovery.serviceProviderBuilder().serviceName(name).build();
    provider.start();
    try {
      ServiceInstance<Object> instance = provider.getInstance();
      return instance == null ? "nobody" : instance.buildUriSpec();
    } finally {
      provider.close();
    }
  }

  private static String show(Iterable<? extends ServiceInstance<?>> instances) {
    TreeSet<String> shown = new TreeSet<>();
    for (ServiceInstance<?> each : instances) {
      shown.add(each.getId() + "@" + each.getAddress() + ":" + each.getPort() + metadataOf(each.getPayload()));
    }
    return shown.toString();
  }

  private static String metadataOf(Object payload) {
    if (payload instanceof org.springframework.cloud.zookeeper.discovery.ZookeeperInstance) {
      return ((org.springframework.cloud.zookeeper.discovery.ZookeeperInstance) payload).getMetadata().toString();
    }
    if (payload instanceof org.apache.dubbo.registry.zookeeper.ZookeeperInstance) {
      return ((org.apache.dubbo.registry.zookeeper.ZookeeperInstance) payload).getMetadata().toString();
    }
    return payload instanceof Map ? payload.toString() : "";
  }
}
