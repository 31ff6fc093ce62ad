# Without one, Hetzner gives a machine a password that has to be changed before anything else, and sends it by mail.
resource "hcloud_ssh_key" "operator" {
  for_each = var.ssh_keys

  name       = "${var.environment}-${each.key}"
  public_key = each.value
  labels     = local.labels
}
