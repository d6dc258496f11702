package org.apache.dubbo.registry.zookeeper;

import java.util.LinkedHashMap;
import java.util.Map;

/** Stands in for the framework's class of this name: what matters on the wire is its name and its fields. */
public class ZookeeperInstance {
  private String id;
  private String name;
  private Map<String, String> metadata = new LinkedHashMap<>();

  public ZookeeperInstance() {}

  public ZookeeperInstance(String id, String name, Map<String, String> metadata) {
    this.id = id;
    this.name = name;
    this.metadata = metadata;
  }

  public String getId() { return id; }
  public void setId(String id) { this.id = id; }
  public String getName() { return name; }
  public void setName(String name) { this.name = name; }
  public Map<String, String> getMetadata() { return metadata; }
  public void setMetadata(Map<String, String> metadata) { this.metadata = metadata; }
}
