resource "hcloud_load_balancer" "edge" {
  for_each = var.load_balancers

  name               = "${var.environment}-${each.key}"
  load_balancer_type = var.load_balancer_type
  location           = var.location
  delete_protection  = var.protect
  labels             = local.labels

  algorithm {
    type = "round_robin"
  }

  lifecycle {
    # Names lead to its addresses, which another one wouldn't have.
    prevent_destroy = true
  }
}

resource "hcloud_load_balancer_network" "edge" {
  for_each = var.load_balancers

  load_balancer_id = hcloud_load_balancer.edge[each.key].id
  subnet_id        = hcloud_network_subnet.nodes.id
  ip               = each.value.address
}

# By their labels: a machine that is replaced is a target again by itself. A witness runs nothing that answers.
resource "hcloud_load_balancer_target" "nodes" {
  for_each = var.load_balancers

  type             = "label_selector"
  load_balancer_id = hcloud_load_balancer.edge[each.key].id
  label_selector   = "environment=${var.environment},role!=witness"
  use_private_ip   = true

  # A target that isn't in the network of the load balancer is refused.
  depends_on = [hcloud_load_balancer_network.edge, hcloud_server.node]
}

resource "hcloud_load_balancer_service" "edge" {
  for_each = merge([
    for name, each in var.load_balancers : {
      "${name}-80"  = { name = name, listen = 80, port = each.ports.web, health = each.ports.health }
      "${name}-443" = { name = name, listen = 443, port = each.ports.websecure, health = each.ports.health }
    }
  ]...)

  load_balancer_id = hcloud_load_balancer.edge[each.value.name].id
  protocol         = "tcp"
  listen_port      = each.value.listen
  destination_port = each.value.port
  # Says who the client is.
  proxyprotocol = true

  health_check {
    protocol = var.health_check.protocol
    port     = each.value.health
    interval = var.health_check.interval_seconds
    timeout  = var.health_check.timeout_seconds
    retries  = var.health_check.retries

    dynamic "http" {
      for_each = var.health_check.protocol == "http" ? [var.health_check.path] : []
      content {
        path         = http.value
        status_codes = ["200"]
      }
    }
  }
}
