// SPDX-License-Identifier: MIT
//
// A virtio device that says what it likes: in its configuration space, its registers, and between
// any two steps of the driver in the memory that they share. What is found must lie in its BAR,
// each buffer comes back at most once for each time it was lent, and nothing else is touched.
#include "simulated.h"

#include "fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct virtio_layout layout;
static struct virtio_ring ring;
static bool lent[VIRTIO_RING_SLOTS];

static void run_capabilities(struct input *input)
{
    size_t bytes = input->size < sizeof sim.config ? input->size : sizeof sim.config;
    memcpy(sim.config, input->data, bytes);
    for (uint32_t device_bytes = 0; device_bytes < 64; device_bytes += 24) {
        if (virtio_find_regions(sim_config, nullptr, sim_bars, device_bytes, &layout))
            continue;
        for (unsigned i = 0; i < VIRTIO_REGIONS; i++) {
            const struct virtio_region *region = &layout.regions[i];
            check(region->bar < 6 &&
                  (uint64_t)region->offset + region->length <= sim_bars[region->bar]);
        }
        check(layout.regions[VIRTIO_COMMON].length >= sizeof sim.common);
        check(layout.regions[VIRTIO_DEVICE].length >= device_bytes);
    }
}

static bool start(struct input *input)
{
    uint64_t features;
    uint32_t notify;
    for (unsigned changes = next(input) & 7; changes > 0; changes--) {
        unsigned at = next(input) % sizeof sim.common;
        sim.common[at] = next(input);
    }
    sim.offered ^= 1ull << (next(input) & 63);
    sim.refuse = next(input) == 1;
    if (virtio_find_regions(sim_config, nullptr, sim_bars, 0, &layout) ||
        virtio_negotiate(&sim_io, 0, next(input) & 1, &features))
        return false;
    virtio_ring_init(&ring, sim_memory, SIM_ADDRESS);
    if (virtio_ring_start(&sim_io, &layout, 0, &ring,
                          next(input) & 1 ? next(input) : VIRTIO_NO_VECTOR, &notify))
        return false;
    check(notify + 2 <= layout.regions[VIRTIO_NOTIFY].length);
    return virtio_run(&sim_io) == VIRTIO_OK;
}

static bool take(void)
{
    struct virtio_taken taken;
    switch (virtio_ring_take(&ring, &taken)) {
    case VIRTIO_EMPTY:
        return true;
    case VIRTIO_BROKEN:
        check(taken.rule > VIRTIO_OK && taken.rule < VIRTIO_RULES);
        return false;
    default:
        check(taken.slot < VIRTIO_RING_SLOTS && lent[taken.slot] && taken.wrote <= 4096);
        lent[taken.slot] = false;
        return true;
    }
}

static bool step(struct input *input)
{
    struct virtio_ring_memory *memory = (void *)sim_memory;
    uint8_t choice = next(input);
    unsigned slot = choice >> 2 & (VIRTIO_RING_SLOTS - 1);
    switch (choice & 3) {
    case 0:
        if (!lent[slot])
            virtio_ring_publish(&ring, slot, 0x5000, next(input) * 16u + 1, choice & 0x80);
        lent[slot] = true;
        return true;
    case 1:
        memory->used.ring[memory->used.index % VIRTIO_RING_SLOTS].id = slot;
        memory->used.ring[memory->used.index % VIRTIO_RING_SLOTS].length = next(input);
        memory->used.index++;
        return true;
    case 2:
        sim_memory[next(input) * 3u % sizeof *memory] = next(input);
        return true;
    default:
        return take();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    sim_reset();
    memset(lent, 0, sizeof lent);
    if (next(&input) & 1)
        run_capabilities(&input);
    else if (start(&input))
        while (input.size > 0 && step(&input))
            continue;
    return 0;
}
