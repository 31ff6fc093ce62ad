locals {
  labels = { environment = var.environment }

  cloud_init = file("${path.module}/cloud-init.yaml")

  # The first server's name, so that it doesn't move when a node is added.
  break_glass_node = coalesce(var.break_glass.node, [for name, node in var.nodes : name if node.role == "server"][0])

  volumes = merge([
    for node, machine in var.nodes : { for name, gibibytes in machine.volumes : name => { node = node, gibibytes = gibibytes } }
  ]...)

  # Machines that there are, with their types: what exists keeps its type, also once Hetzner sells it no more.
  existing = { for server in data.hcloud_servers.existing.servers : server.name => server.server_type }
  new      = [for name in keys(var.nodes) : name if !contains(keys(local.existing), "${var.environment}-${name}")]
  left     = setsubtract([for name in keys(local.existing) : trimprefix(name, "${var.environment}-")], keys(var.nodes))
  # Machines that a plan makes with no key: cloud-init.yaml lets nobody in by a password.
  unreachable = [for name in local.new : name if !contains(nonsensitive(keys(var.user_data)), name)]
  # Those whose type they could not be made with again.
  withdrawn = [
    for name, node in var.nodes : name
    if !contains(local.new, name) && !contains(lookup(local.sold, node.server_type, []), var.location)
  ]
  # One that is announced to leave can be ordered until its day, which npm run stock goes by too.
  sold = {
    for type in data.hcloud_server_types.all.server_types : type.name => [
      for each in type.locations : each.name
      if !each.is_deprecated || try(timecmp(each.unavailable_after, plantimestamp()) > 0, false)
    ]
  }
  leaving = [
    for name, node in var.nodes : name
    if contains(lookup(local.sold, node.server_type, []), var.location) && anytrue(flatten([
      for type in data.hcloud_server_types.all.server_types : [
        for each in type.locations : each.is_deprecated if type.name == node.server_type && each.name == var.location
      ]
    ]))
  ]
}

data "hcloud_servers" "existing" {
  with_selector = "environment=${var.environment}"
}

data "hcloud_server_types" "all" {}
