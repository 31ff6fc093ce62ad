# They outlive the machines: one that is replaced has the addresses of the one before.
locals {
  public_addresses = merge([
    for name in keys(var.nodes) : { for type in ["ipv4", "ipv6"] : "${name} ${type}" => { node = name, type = type } }
  ]...)
}

resource "hcloud_primary_ip" "node" {
  for_each = local.public_addresses

  name              = "${var.environment}-${each.value.node}-${each.value.type}"
  type              = each.value.type
  location          = var.location
  assignee_type     = "server"
  auto_delete       = false
  delete_protection = var.protect
  labels            = merge(local.labels, { node = each.value.node })

  lifecycle {
    prevent_destroy = true
  }
}
