# On different hosts.
resource "hcloud_placement_group" "spread" {
  name   = var.environment
  type   = "spread"
  labels = local.labels

  lifecycle {
    precondition {
      condition     = length(local.existing) > 0 || contains(flatten(values(local.sold)), var.location)
      error_message = "Hetzner sells nothing in ${var.location}: npm run stock takes a location where every node can be ordered."
    }
    precondition {
      condition     = length(local.new) == 0 || length(local.left) == 0
      error_message = "Hetzner has ${join(", ", local.left)}, and the configuration ${join(", ", local.new)} in its place: a node that is renamed is another machine. Give it its name back; if another one is meant, let one apply remove the old one, and the next make the new one."
    }
    precondition {
      condition     = length(var.ssh_keys) > 0 || length(local.unreachable) == 0
      error_message = "Nobody could log in at ${join(", ", local.unreachable)}: a machine takes public keys only while it is made. Give them as ssh_keys: docs/guides/install.md, \"Open the door\"."
    }
  }
}

resource "hcloud_server" "node" {
  for_each = var.nodes

  name               = "${var.environment}-${each.key}"
  server_type        = each.value.server_type
  location           = var.location
  image              = var.image
  user_data          = lookup(var.user_data, each.key, local.cloud_init)
  placement_group_id = hcloud_placement_group.spread.id
  firewall_ids       = [hcloud_firewall.nodes.id]
  ssh_keys           = values(hcloud_ssh_key.operator)[*].id
  labels             = merge(local.labels, { node = each.key, role = each.value.role })

  # A smaller type stays possible.
  keep_disk                = true
  shutdown_before_deletion = true
  # Hetzner takes both or none.
  delete_protection  = var.protect
  rebuild_protection = var.protect

  public_net {
    ipv4_enabled = true
    ipv4         = hcloud_primary_ip.node["${each.key} ipv4"].id
    ipv6_enabled = true
    ipv6         = hcloud_primary_ip.node["${each.key} ipv6"].id
  }

  network {
    subnet_id = hcloud_network_subnet.nodes.id
    ip        = each.value.address
    # Without it each apply would take the machine off the network and put it back.
    alias_ips = []
  }

  lifecycle {
    # Read once, when the machine is made: the provider would make another one for each of them. Whoever wants a new one says so:
    # README.md, "Replace a node". Another location is refused.
    ignore_changes  = [user_data, image, ssh_keys]
    prevent_destroy = true

    precondition {
      condition = (
        lookup(local.existing, "${var.environment}-${each.key}", "") == each.value.server_type ||
        contains(keys(local.sold), each.value.server_type)
      )
      error_message = "${each.key}: Hetzner sells no server type ${each.value.server_type} any more: npm run stock takes the first of its types that can be ordered, or name others in config/environments/${var.environment}.ts."
    }
    precondition {
      condition = (
        lookup(local.existing, "${var.environment}-${each.key}", "") == each.value.server_type ||
        contains(lookup(local.sold, each.value.server_type, [var.location]), var.location)
      )
      error_message = "${each.key}: Hetzner sells no ${each.value.server_type} in ${var.location}: npm run stock takes a location where every node can be ordered."
    }
  }
}

# What each machine was made with: its user_data in the state changes with every apply.
resource "terraform_data" "made_with" {
  for_each = var.nodes

  input = nonsensitive(sha256(lookup(var.user_data, each.key, local.cloud_init)))

  lifecycle {
    ignore_changes       = [input]
    replace_triggered_by = [hcloud_server.node[each.key].id]
  }
}

check "user_data" {
  assert {
    condition = alltrue([
      for name, made in terraform_data.made_with : made.input == nonsensitive(sha256(lookup(var.user_data, name, local.cloud_init)))
    ])
    error_message = "A machine was made with other user_data than it would be made with now. It stays as it is: README.md, \"Replace a node\"."
  }
}

check "sold" {
  assert {
    condition     = length(local.withdrawn) == 0
    error_message = "${join(", ", local.withdrawn)}: Hetzner no longer sells the type in ${var.location}. The machine stays as it is, and could not be made again: npm run stock takes a type that can be ordered, for the day on which it is lost."
  }
  assert {
    condition     = length(local.leaving) == 0
    error_message = "${join(", ", local.leaving)}: Hetzner sells the type in ${var.location} for some time yet: npm run stock tells until when. Name another one in config/environments/${var.environment}.ts before."
  }
}
