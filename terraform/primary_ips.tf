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
  auto_delete       = false
  delete_protection = var.protect
  labels            = merge(local.labels, { node = each.value.node })

  # Whose preconditions then are the one reason that a plan is refused for, not each address beside it.
  depends_on = [hcloud_placement_group.spread]

  lifecycle {
    prevent_destroy = true
  }
}
