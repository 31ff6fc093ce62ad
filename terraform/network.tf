resource "hcloud_network" "private" {
  name              = var.environment
  ip_range          = var.network.range
  delete_protection = var.protect
  labels            = local.labels
}

resource "hcloud_network_subnet" "nodes" {
  network_id   = hcloud_network.private.id
  type         = "cloud"
  network_zone = var.network.zone
  ip_range     = var.network.subnet

  lifecycle {
    # Another range would be another subnet, and every machine off the network meanwhile.
    prevent_destroy = true
  }
}

# Hetzner filters the public interface alone: the private one is install/'s to filter.
resource "hcloud_firewall" "nodes" {
  name   = "${var.environment}-nodes"
  labels = local.labels

  # The provider (1.68.0) never removes the last rule, so a glass that was broken would stay so: this one is always there, for an
  # address that nobody has.
  rule {
    description = "nobody"
    direction   = "in"
    protocol    = "icmp"
    source_ips  = ["192.0.2.1/32"]
  }

  dynamic "rule" {
    for_each = var.break_glass.open ? ["80", "443"] : []
    content {
      description = "break glass"
      direction   = "in"
      protocol    = "tcp"
      port        = rule.value
      source_ips  = ["0.0.0.0/0", "::/0"]
    }
  }

  dynamic "rule" {
    for_each = var.open_ports
    content {
      description = rule.key
      direction   = "in"
      protocol    = rule.value.protocol
      port        = tostring(rule.value.port)
      source_ips  = rule.value.from
    }
  }
}
