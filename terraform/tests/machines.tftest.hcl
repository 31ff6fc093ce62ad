# tofu test: a pretended provider, so nothing is asked of Hetzner. The values are the tests' own.

mock_provider "hcloud" {
  # Numbers, which a pretended provider would make up as words.
  mock_resource "hcloud_network" {
    defaults = { id = "1" }
  }
  mock_resource "hcloud_network_subnet" {
    defaults = { id = "1-10.10.0.0/24" }
  }
  mock_resource "hcloud_firewall" {
    defaults = { id = "2" }
  }
  mock_resource "hcloud_placement_group" {
    defaults = { id = "3" }
  }
  mock_resource "hcloud_server" {
    defaults = { id = "4" }
  }
  mock_resource "hcloud_load_balancer" {
    defaults = { id = "5" }
  }
  mock_resource "hcloud_volume" {
    defaults = { id = "6" }
  }
  mock_resource "hcloud_ssh_key" {
    defaults = { id = "9" }
  }
  mock_resource "hcloud_floating_ip" {
    defaults = { id = "7" }
  }
  mock_resource "hcloud_primary_ip" {
    defaults = { id = "8" }
  }
}

# What Hetzner sells: the larger type not in nbg1 any more, and in hel1 for some time yet.
override_data {
  target = data.hcloud_server_types.all
  values = {
    server_types = [
      {
        id                = 1, name = "ccx33", description = "", architecture = "x86", category = "", cores = 2, cpu_type = "shared", disk = 40
        memory            = 4, storage_type = "local", included_traffic = 0, is_deprecated = false, deprecation_announced = null
        unavailable_after = null
        locations = [
          { id = 1, name = "fsn1", available = true, recommended = true, is_deprecated = false, deprecation_announced = null, unavailable_after = null },
          { id = 1, name = "nbg1", available = true, recommended = true, is_deprecated = true, deprecation_announced = "2019-10-01T00:00:00Z", unavailable_after = "2020-01-01T00:00:00Z" },
          { id = 1, name = "hel1", available = true, recommended = true, is_deprecated = true, deprecation_announced = "2019-10-01T00:00:00Z", unavailable_after = "2999-01-01T00:00:00Z" },
        ]
      },
      {
        id                = 1, name = "cx23", description = "", architecture = "x86", category = "", cores = 2, cpu_type = "shared", disk = 40
        memory            = 4, storage_type = "local", included_traffic = 0, is_deprecated = false, deprecation_announced = null
        unavailable_after = null
        locations = [
          { id = 1, name = "fsn1", available = true, recommended = true, is_deprecated = false, deprecation_announced = null, unavailable_after = null },
          { id = 1, name = "nbg1", available = true, recommended = true, is_deprecated = false, deprecation_announced = null, unavailable_after = null },
          { id = 1, name = "hel1", available = true, recommended = true, is_deprecated = false, deprecation_announced = null, unavailable_after = null },
        ]
      },
    ]
  }
}

override_data {
  target = data.hcloud_servers.existing
  values = { servers = [] }
}

variables {
  environment = "default"
  location    = "fsn1"
  network     = { zone = "eu-central", range = "10.10.0.0/16", subnet = "10.10.0.0/24" }
  nodes = {
    node1   = { role = "server", server_type = "ccx33", address = "10.10.0.11", volumes = { data = 10 } }
    witness = { role = "witness", server_type = "cx23", address = "10.10.0.13", volumes = {} }
  }
  load_balancers = {
    default = { address = "10.10.0.2", ports = { web = 30080, websecure = 30443, health = 30081 }, hosts = ["shop.example.com", "example.com"] }
  }
  dns         = { provider = "hetzner", zone = "example.com", domain = "example.com" }
  break_glass = { open = false }
  ssh_keys    = { operator = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEVBNTcxOTU4N0Y5QkQ2OUZBMjQ1N0E2NUE5 operator" }
}

run "machines" {
  command = plan

  assert {
    condition     = keys(hcloud_server.node) == ["node1", "witness"] && hcloud_server.node["node1"].name == "default-node1"
    error_message = "each node is a machine by the environment's and its own name"
  }
  assert {
    condition     = alltrue([for server in hcloud_server.node : server.delete_protection && server.rebuild_protection])
    error_message = "machines are protected"
  }
  assert {
    condition     = alltrue([for rule in hcloud_firewall.nodes.rule : rule.source_ips == toset(["192.0.2.1/32"])])
    error_message = "the world reaches no port of a machine"
  }
  assert {
    condition     = keys(hcloud_volume.data) == ["data"] && hcloud_volume.data["data"].delete_protection
    error_message = "volumes are protected"
  }
}

run "ways_in" {
  command = plan

  assert {
    condition     = alltrue([for service in hcloud_load_balancer_service.edge : service.proxyprotocol && service.protocol == "tcp"])
    error_message = "nodes are told who the client is"
  }
  assert {
    condition     = hcloud_load_balancer_target.nodes["default"].use_private_ip && hcloud_load_balancer_target.nodes["default"].label_selector == "environment=default,role!=witness"
    error_message = "a load balancer leads to private addresses, and to no witness"
  }
  assert {
    condition     = { for key, set in hcloud_zone_rrset.host : key => set.name } == { "example.com A" = "@", "example.com AAAA" = "@", "shop.example.com A" = "shop", "shop.example.com AAAA" = "shop" }
    error_message = "every host leads to the load balancer"
  }
  assert {
    condition     = [for record in hcloud_zone_rrset.caa[0].records : record.value] == ["0 issue \"letsencrypt.org\"", "0 issuewild \"letsencrypt.org\""]
    error_message = "certificates come from one authority"
  }
}

run "names_answered_for_elsewhere" {
  command = plan

  variables {
    dns = { provider = "cloudflare", zone = "example.com", domain = "example.com" }
  }

  assert {
    condition     = length(hcloud_zone.domain) == 0 && length(hcloud_zone_rrset.host) == 0 && length(hcloud_zone_rrset.caa) == 0
    error_message = "Hetzner is given no names"
  }
}

run "a_zone_of_another_environment" {
  command = plan

  variables {
    load_balancers = { default = { address = "10.10.0.2", ports = { web = 30080, websecure = 30443, health = 30081 }, hosts = ["shop.more.example.com"] } }
    dns            = { provider = "hetzner", zone = "example.com", domain = "more.example.com" }
  }

  assert {
    condition     = length(hcloud_zone.domain) == 0 && hcloud_zone_rrset.caa[0].name == "more" && hcloud_zone_rrset.host["shop.more.example.com A"].name == "shop.more"
    error_message = "names are added to a zone that is there"
  }
}

run "broken_glass" {
  command = plan

  variables {
    break_glass = { open = true }
    open_ports  = { wireguard = { protocol = "udp", port = 51820, from = ["0.0.0.0/0"] } }
  }

  assert {
    condition     = toset([for rule in hcloud_firewall.nodes.rule : "${rule.protocol} ${rule.port}" if rule.protocol != "icmp"]) == toset(["tcp 80", "tcp 443", "udp 51820"])
    error_message = "what is asked for is open, and nothing else"
  }
  assert {
    condition     = keys(hcloud_zone_rrset.host) == ["example.com A", "shop.example.com A"]
    error_message = "names lead to the floating IP, which has no IPv6"
  }
}

run "unprotected" {
  command = plan

  variables {
    protect = false
  }

  assert {
    condition     = !hcloud_network.private.delete_protection && !hcloud_server.node["node1"].rebuild_protection
    error_message = "protection can be switched off"
  }
}

run "health_by_tcp" {
  command = plan

  variables {
    health_check       = { protocol = "tcp", interval_seconds = 4 }
    load_balancer_type = "lb21"
    image              = "debian-12"
  }

  assert {
    condition     = hcloud_load_balancer_service.edge["default-443"].health_check[0].protocol == "tcp" && length(hcloud_load_balancer_service.edge["default-443"].health_check[0].http) == 0
    error_message = "a health check by TCP asks no path"
  }
  assert {
    condition     = hcloud_load_balancer.edge["default"].load_balancer_type == "lb21" && hcloud_server.node["node1"].image == "debian-12"
    error_message = "sizes and images can be chosen"
  }
}

run "another_workspace" {
  command = plan
  variables {
    environment = "other"
  }
  expect_failures = [var.environment]
}

run "health_by_https" {
  command = plan
  variables {
    health_check = { protocol = "https" }
  }
  expect_failures = [var.health_check]
}

run "a_type_that_left" {
  command = plan
  variables {
    location = "nbg1"
  }
  expect_failures = [hcloud_server.node]
}

# Still sold: a plan is made, and warns.
run "a_type_that_is_announced_to_leave" {
  command = plan
  variables {
    location = "hel1"
  }
  expect_failures = [check.sold]
}

run "a_node_at_the_gateway" {
  command = plan
  variables {
    nodes = { node1 = { role = "server", server_type = "ccx33", address = "10.10.0.1", volumes = {} } }
  }
  expect_failures = [var.nodes]
}

run "an_open_door" {
  command = plan
  variables {
    open_ports = { ssh = { protocol = "tcp", port = 22, from = ["0.0.0.0/0"] } }
  }
  expect_failures = [var.open_ports]
}

run "who_is_let_in" {
  command = plan

  assert {
    condition     = hcloud_ssh_key.operator["operator"].public_key == var.ssh_keys.operator && contains(hcloud_server.node["node1"].ssh_keys, "9")
    error_message = "a machine lets in whom ssh_keys names"
  }
  assert {
    condition     = startswith(nonsensitive(hcloud_server.node["node1"].user_data), "#cloud-config\n")
    error_message = "a machine is made with cloud-init.yaml, where user_data has nothing else"
  }
}

run "a_private_key" {
  command = plan
  variables {
    ssh_keys = { operator = "-----BEGIN OPENSSH PRIVATE KEY-----" }
  }
  expect_failures = [var.ssh_keys]
}

run "nobody_let_in" {
  command = plan
  variables {
    ssh_keys = {}
  }
  expect_failures = [hcloud_placement_group.spread]
}

run "keys_in_user_data" {
  command = plan
  variables {
    ssh_keys  = {}
    user_data = { node1 = "#cloud-config\n", witness = "#cloud-config\n" }
  }
}

run "machines_that_are_there" {
  command = plan
  variables {
    ssh_keys = {}
  }
  override_data {
    target = data.hcloud_servers.existing
    values = {
      servers = [
        {
          id            = 4, name = "default-node1", server_type = "ccx33", location = "fsn1", datacenter = "", image = "debian-13", status = "running", labels = {}
          ipv4_address  = "", ipv6_address = "", ipv6_network = "", primary_disk_size = 40, placement_group_id = 3, firewall_ids = [2], network = []
          backup_window = "", backups = false, iso = "", rescue = "", delete_protection = true, rebuild_protection = true
        },
        {
          id            = 4, name = "default-witness", server_type = "cx23", location = "fsn1", datacenter = "", image = "debian-13", status = "running", labels = {}
          ipv4_address  = "", ipv6_address = "", ipv6_network = "", primary_disk_size = 40, placement_group_id = 3, firewall_ids = [2], network = []
          backup_window = "", backups = false, iso = "", rescue = "", delete_protection = true, rebuild_protection = true
        },
      ]
    }
  }
}

run "a_type_that_left_its_machine" {
  command = plan
  variables {
    nodes = {
      node1   = { role = "server", server_type = "cx22", address = "10.10.0.11", volumes = { data = 10 } }
      witness = { role = "witness", server_type = "cx23", address = "10.10.0.13", volumes = {} }
    }
  }
  override_data {
    target = data.hcloud_servers.existing
    values = {
      servers = [
        {
          id            = 4, name = "default-node1", server_type = "cx22", location = "fsn1", datacenter = "", image = "debian-13", status = "running", labels = {}
          ipv4_address  = "", ipv6_address = "", ipv6_network = "", primary_disk_size = 40, placement_group_id = 3, firewall_ids = [2], network = []
          backup_window = "", backups = false, iso = "", rescue = "", delete_protection = true, rebuild_protection = true
        },
        {
          id            = 4, name = "default-witness", server_type = "cx23", location = "fsn1", datacenter = "", image = "debian-13", status = "running", labels = {}
          ipv4_address  = "", ipv6_address = "", ipv6_network = "", primary_disk_size = 40, placement_group_id = 3, firewall_ids = [2], network = []
          backup_window = "", backups = false, iso = "", rescue = "", delete_protection = true, rebuild_protection = true
        },
      ]
    }
  }
  expect_failures = [check.sold]
}

run "a_machine_that_becomes_a_type_which_left" {
  command = plan
  variables {
    nodes = {
      node1   = { role = "server", server_type = "cx22", address = "10.10.0.11", volumes = { data = 10 } }
      witness = { role = "witness", server_type = "cx23", address = "10.10.0.13", volumes = {} }
    }
  }
  override_data {
    target = data.hcloud_servers.existing
    values = {
      servers = [
        {
          id            = 4, name = "default-node1", server_type = "ccx33", location = "fsn1", datacenter = "", image = "debian-13", status = "running", labels = {}
          ipv4_address  = "", ipv6_address = "", ipv6_network = "", primary_disk_size = 40, placement_group_id = 3, firewall_ids = [2], network = []
          backup_window = "", backups = false, iso = "", rescue = "", delete_protection = true, rebuild_protection = true
        },
        {
          id            = 4, name = "default-witness", server_type = "cx23", location = "fsn1", datacenter = "", image = "debian-13", status = "running", labels = {}
          ipv4_address  = "", ipv6_address = "", ipv6_network = "", primary_disk_size = 40, placement_group_id = 3, firewall_ids = [2], network = []
          backup_window = "", backups = false, iso = "", rescue = "", delete_protection = true, rebuild_protection = true
        },
      ]
    }
  }
  expect_failures = [hcloud_server.node, check.sold]
}

run "a_node_of_another_name" {
  command = plan
  override_data {
    target = data.hcloud_servers.existing
    values = {
      servers = [
        {
          id            = 4, name = "default-first", server_type = "ccx33", location = "fsn1", datacenter = "", image = "debian-13", status = "running", labels = {}
          ipv4_address  = "", ipv6_address = "", ipv6_network = "", primary_disk_size = 40, placement_group_id = 3, firewall_ids = [2], network = []
          backup_window = "", backups = false, iso = "", rescue = "", delete_protection = true, rebuild_protection = true
        },
        {
          id            = 4, name = "default-witness", server_type = "cx23", location = "fsn1", datacenter = "", image = "debian-13", status = "running", labels = {}
          ipv4_address  = "", ipv6_address = "", ipv6_network = "", primary_disk_size = 40, placement_group_id = 3, firewall_ids = [2], network = []
          backup_window = "", backups = false, iso = "", rescue = "", delete_protection = true, rebuild_protection = true
        },
      ]
    }
  }
  expect_failures = [hcloud_placement_group.spread]
}
