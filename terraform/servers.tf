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
    # Read once, when the machine is made. Whoever wants a new one says so: README.md, "Replace a node".
    ignore_changes  = [user_data, image, ssh_keys]
    prevent_destroy = true

    precondition {
      condition     = contains(local.existing, "${var.environment}-${each.key}") || contains(keys(local.sold), each.value.server_type)
      error_message = "${each.key}: Hetzner sells no server type ${each.value.server_type} any more: npm run stock takes the first of its types that can be ordered, or name others in config/environments/${var.environment}.ts."
    }
    precondition {
      condition = (
        contains(local.existing, "${var.environment}-${each.key}") ||
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
