// SPDX-License-Identifier: MIT
//
// A configuration space that answers whatever the input says, from one read to the next. The scan
// must end, and what it assigns must lie in the windows and never overlap.
#include <registers.h>
#include <slot.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *data;
    size_t size, at;
    uint8_t memory[512]; // what writes leave behind, so that registers can also tell the truth
};

static uint8_t next(struct input *input)
{
    return input->at < input->size ? input->data[input->at++] : 0xff;
}

static uint32_t read_anything(void *context, uint16_t bdf, unsigned offset, unsigned width)
{
    struct input *input = context;
    uint8_t kind = next(input);
    uint32_t value = 0;
    for (unsigned i = 0; i < width; i++) {
        uint8_t kept = input->memory[(bdf * 64u + offset + i) % sizeof input->memory];
        value |= (uint32_t)(kind & 1 ? kept : next(input)) << i * 8;
    }
    return value;
}

static void write_anything(void *context, uint16_t bdf, unsigned offset, unsigned width,
                           uint32_t value)
{
    struct input *input = context;
    for (unsigned i = 0; i < width; i++)
        input->memory[(bdf * 64u + offset + i) % sizeof input->memory] = (uint8_t)(value >> i * 8);
}

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_region(const struct pci_fabric *fabric, const struct pci_region *region)
{
    bool inside = false;
    check(region->size != 0 && region->address % region->alignment == 0);
    for (unsigned i = 0; i < fabric->window_count; i++) {
        const struct pci_window *window = &fabric->windows[i];
        inside |= region->address >= window->base &&
                  region->address - window->base + region->size <= window->size;
    }
    check(inside);
}

static void check_pair(const struct pci_region *a, const struct pci_region *b)
{
    bool same = (a->space == PCI_IO) == (b->space == PCI_IO);
    check(!same || a->address >= b->address + b->size || b->address >= a->address + a->size);
}

static void check_function(const struct pci_fabric *fabric, unsigned index)
{
    const struct pci_function *function = &fabric->functions[index];
    check(function->parent < (int)index);
    for (unsigned i = 0; i < PCI_BARS; i++) {
        if (!function->bars[i].assigned)
            continue;
        check_region(fabric, &function->bars[i]);
        for (unsigned n = 0; n < fabric->count * PCI_BARS; n++) {
            const struct pci_region *other = &fabric->functions[n / PCI_BARS].bars[n % PCI_BARS];
            if (other->assigned && other != &function->bars[i])
                check_pair(&function->bars[i], other);
        }
    }
}

// What is offered of messages lies in the function's registers and in configuration space.
static void check_messages(const struct pci_function *function)
{
    const struct pci_message_capability *messages = &function->messages;
    if (messages->kind == PCI_LINE)
        return;
    check(messages->offset >= 0x40 && messages->count >= 1 && messages->count <= 2048);
    if (messages->kind == PCI_MSI) {
        check(messages->count <= 32);
        return;
    }
    check(messages->bar < PCI_BARS);
    const struct pci_region *bar = &function->bars[messages->bar];
    check(bar->present && bar->space != PCI_IO &&
          (uint64_t)messages->table + messages->count * PCI_MSIX_ENTRY <= bar->size);
}

static void switch_messages(const struct pci_fabric *fabric, const struct pci_function *function,
                            struct input *input)
{
    struct pci_message list[4] = {};
    unsigned count = next(input) % 5u;
    list[0].address = next(input) & 1 ? 0xfffff000 : 1ull << 40;
    if (pci_messages_on(fabric, function, list, count))
        check(count >= 1 && count <= function->messages.count);
    pci_messages_off(fabric, function);
}

// Cards come and go at a port that says anything: every question ends, and what is found lies in
// what the port forwards.
static void use_slot(struct pci_fabric *fabric, int port)
{
    struct pci_slot slot;
    pci_slot_open(fabric, &fabric->functions[port], false, &slot);
    for (unsigned i = 0; i < 4; i++) {
        enum pci_slot_action action = pci_slot_next(&slot, pci_slot_take(fabric, &slot), i == 0);
        for (unsigned n = 0; n < fabric->count; n++)
            if (pci_is_behind(fabric, &fabric->functions[n], port)) {
                pci_vanish(&fabric->functions[n]);
                fabric->functions[n].vacant = true;
            }
        pci_slot_power(fabric, &slot, action == PCI_SLOT_FILL);
        if (action == PCI_SLOT_FILL)
            pci_slot_filled(&slot, pci_fill(fabric, port) > 0, false);
        (void)pci_slot_idle(fabric, &slot);
        pci_slot_listen(fabric, &slot, true);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pci_function functions[24];
    struct input input = {.data = data, .size = size};
    struct pci_fabric fabric = {
        .access = {&input, read_anything, write_anything},
        .bus_first = next(&input) & 7,
        .bus_count = 1u + (next(&input) & 7),
        .window_count = 3,
        .windows = {{.space = PCI_IO, .base = 0, .size = 0x10000},
                    {.space = PCI_MEMORY32, .base = 0x40000000, .size = 0x40000000},
                    {.space = PCI_MEMORY64, .base = 0x400000000, .size = 0x400000000}},
        .unit_mask = 0x1800,
        .pin_mask = 7,
        .route_count = 1,
        .routes = {{.unit = 0, .pin = 1, .source = 32}},
        .functions = functions,
        .capacity = sizeof functions / sizeof *functions,
    };
    (void)pci_scan(&fabric);
    pci_assign(&fabric);
    for (unsigned i = 0; i < fabric.count; i++)
        if (functions[i].slot && !functions[i].absent)
            use_slot(&fabric, (int)i);
    for (unsigned i = 0; i < fabric.count; i++)
        check_function(&fabric, i);
    for (unsigned i = 0; i < fabric.count; i++)
        check_messages(&functions[i]);
    for (unsigned i = 0; i < fabric.count; i++) {
        uint8_t bytes[16];
        pci_read_bytes(&fabric, &functions[i], next(&input) * 16u, bytes, sizeof bytes);
        pci_write_bytes(&fabric, &functions[i], next(&input), bytes, 4);
        (void)pci_enable(&fabric, &functions[i]);
        if (functions[i].messages.kind != PCI_LINE)
            switch_messages(&fabric, &functions[i], &input);
    }
    return 0;
}
