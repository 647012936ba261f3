// SPDX-License-Identifier: MIT
//
// A device that writes what it likes: into the rings and the request slots between any two steps of
// the driver, and into its registers. Each slot must come back at most once for each time it went
// out, and nothing outside the two buffers may be touched.
#include "simulated.h"

#include "../../virtio/fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sim_device device;
static struct virtio_queue queue;
static bool out[VIRTIO_SLOTS];

static void submit(unsigned slot, struct input *input)
{
    unsigned segments = next(input) % (queue.segments_most + 1u);
    if (slot >= queue.slots || out[slot])
        return;
    queue_begin(&queue, slot, VIRTIO_BLK_T_IN, next(input));
    for (unsigned n = 0; n < segments; n++)
        queue_segment(&queue, slot, n, 0x80000000, 4096, DESCRIPTOR_WRITE);
    queue_end(&queue, slot, segments);
    queue_publish(&queue, slot, segments * 4096);
    (void)queue_must_kick(&queue);
    out[slot] = true;
}

static bool take(void)
{
    struct queue_taken taken;
    uint8_t status;
    switch (queue_take(&queue, &taken)) {
    case QUEUE_EMPTY:
        return true;
    case QUEUE_BROKEN:
        check(taken.rule != VIRTIO_OK && virtio_rule_text(taken.rule) != nullptr);
        return false;
    case QUEUE_TOOK:
        check(taken.slot < queue.slots && out[taken.slot] && taken.wrote <= taken.writable);
        out[taken.slot] = false;
        if (!queue_status(&queue, &taken, &status))
            check(status <= VIRTIO_BLK_S_UNSUPP);
    }
    (void)queue_rearm(&queue);
    return true;
}

static void scribble(struct input *input)
{
    uint16_t where = (uint16_t)(next(input) | next(input) << 8);
    uint8_t value = next(input);
    if (where < VIRTIO_RING_BYTES)
        device.ring[where] = value;
    else
        device.slots[where % VIRTIO_REQUESTS_BYTES] = value;
}

static bool step(struct input *input)
{
    uint8_t choice = next(input);
    switch (choice & 3) {
    case 0:
        submit(choice >> 2, input);
        return true;
    case 1:
        sim_answer(&device, queue.mask, choice >> 2, next(input) * 257u);
        return true;
    case 2:
        scribble(input);
        return true;
    default:
        return take();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct virtio_disk disk;
    uint32_t notify;
    sim_reset(&device);
    memset(out, 0, sizeof out);
    for (unsigned changes = next(&input) & 7; changes > 0; changes--) {
        unsigned where = next(&input) % (sizeof device.common + sizeof device.config);
        uint8_t *at = where < sizeof device.common ? &device.common[where]
                                                   : &device.config[where - sizeof device.common];
        *at = next(&input);
    }
    if (next(&input) & 1)
        device.offered ^= 1ull << (next(&input) & 63);
    if (sim_start(&device, &disk, &queue, &notify))
        return 0;
    check(notify + 2 <= sim_layout().regions[VIRTIO_NOTIFY].length);
    while (input.size > 0 && step(&input))
        continue;
    return 0;
}
