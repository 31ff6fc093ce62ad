locals {
  labels = { environment = var.environment }

  cloud_init = file("${path.module}/cloud-init.yaml")

  # The first server's name, so that it doesn't move when a node is added.
  break_glass_node = coalesce(var.break_glass.node, [for name, node in var.nodes : name if node.role == "server"][0])

  volumes = merge([
    for node, machine in var.nodes : { for name, gibibytes in machine.volumes : name => { node = node, gibibytes = gibibytes } }
  ]...)

  # Who is in the way of none: what exists keeps its type, also once Hetzner sells it no more.
  existing = toset(data.hcloud_servers.existing.servers[*].name)
  sold     = { for type in data.hcloud_server_types.all.server_types : type.name => [for each in type.locations : each.name if !each.is_deprecated] }
}

data "hcloud_servers" "existing" {
  with_selector = "environment=${var.environment}"
}

data "hcloud_server_types" "all" {}
