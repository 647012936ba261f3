// SPDX-License-Identifier: MIT
//
// Virtual I/O Device 1.2, the block device (5.2): its wire formats, and what the pure half of the
// driver keeps. What it has in common with other devices is in drivers/virtio/transport.h.
//
//  One request slot, 1 KiB of common buffer:
//
//      +0     descriptor table: header, data segments, status   (62 entries of 16 bytes)
//      +992   request header: type, reserved, sector            (16 bytes)
//      +1008  status byte                                       (device writes)
//
// The device is not trusted. What it writes (used ring, status bytes, configuration) is read once,
// checked, and only then used; the first rule it breaks is kept and ends its service.
#pragma once

#include <transport.h>

#define VIRTIO_PAGE           4096u
#define VIRTIO_SLOTS          64u
#define VIRTIO_QUEUE_SIZE     128u // what the driver asks for; the device may offer less
#define VIRTIO_SLOT_BYTES     1024u
#define VIRTIO_TABLE_ENTRIES  62u
#define VIRTIO_CHAIN          8u // descriptors of a slot where tables are not offered
#define VIRTIO_RING_BYTES     VIRTIO_PAGE
#define VIRTIO_REQUESTS_BYTES (VIRTIO_SLOTS * VIRTIO_SLOT_BYTES)
#define SECTOR_SHIFT          9

enum {
    VIRTIO_BLK_F_SEG_MAX = 2,
    VIRTIO_BLK_F_RO = 5,
    VIRTIO_BLK_F_BLK_SIZE = 6,
    VIRTIO_BLK_F_FLUSH = 9,
    VIRTIO_BLK_F_MQ = 12,
};

enum { VIRTIO_BLK_T_IN = 0, VIRTIO_BLK_T_OUT = 1, VIRTIO_BLK_T_FLUSH = 4 };
enum { VIRTIO_BLK_S_OK = 0, VIRTIO_BLK_S_IOERR = 1, VIRTIO_BLK_S_UNSUPP = 2 };

#define VIRTIO_BLK_CONFIG_BYTES 24u // as much of its configuration as every device has

struct virtio_disk {
    uint64_t features; // negotiated
    uint64_t sectors;  // of 512 bytes
    uint32_t block_bytes;
    uint32_t segments_most; // of one request
    uint32_t queues;        // at least one
    bool read_only, flush, indirect, event_index;
};

// Reset, features, configuration: everything until the queues. confined as virtio_negotiate has it.
enum virtio_rule virtio_prepare(const struct virtio_io *io, const struct virtio_layout *layout,
                                bool confined, struct virtio_disk *disk);
