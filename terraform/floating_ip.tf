# It can't stand before a load balancer: names lead to that one's addresses, and this is the door beside it.
resource "hcloud_floating_ip" "break_glass" {
  name              = "${var.environment}-break-glass"
  type              = "ipv4"
  home_location     = var.location
  delete_protection = var.protect
  labels            = local.labels

  lifecycle {
    prevent_destroy = true
  }
}

resource "hcloud_floating_ip_assignment" "break_glass" {
  floating_ip_id = hcloud_floating_ip.break_glass.id
  server_id      = hcloud_server.node[local.break_glass_node].id
}
