# They outlive the machines. Devices are found by the volume's id: /dev/disk/by-id/scsi-0HC_Volume_ID.
resource "hcloud_volume" "data" {
  for_each = local.volumes

  name              = "${var.environment}-${each.key}"
  size              = each.value.gibibytes
  location          = var.location
  format            = "ext4"
  delete_protection = var.protect
  labels            = merge(local.labels, { volume = each.key })

  lifecycle {
    prevent_destroy = true
  }
}

resource "hcloud_volume_attachment" "data" {
  for_each = local.volumes

  volume_id = hcloud_volume.data[each.key].id
  server_id = hcloud_server.node[each.value.node].id
  # install/ mounts it.
  automount = false
}
