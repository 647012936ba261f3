// SPDX-License-Identifier: MIT
//
// Any bytes as a device tree: the walk, the host bridges and the property block must stay inside
// the blob and end.
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>
#include <tree.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void use_device(struct dt_walk *walk, const struct dt_device *device)
{
    static struct dt_host host;
    uint8_t part[64];
    size_t total;
    check(device->memory_count >= 1 && device->memory_count <= DT_MAX_MEMORY);
    for (unsigned i = 0; i < device->memory_count; i++)
        check(device->memory[i].size != 0);
    check(device->compatible[device->compatible_bytes - 1] == 0 && strlen(device->unit) > 0);
    if (dt_is_compatible(device, "pci-host-ecam-generic") && !dt_read_host(walk, device, &host))
        for (unsigned i = 0; i < host.route_count; i++)
            check(host.routes[i].pin >= 1 && host.routes[i].pin <= 4);
    dt_read_properties(walk->fdt, device->node, 16, part, sizeof part, &total);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *why = nullptr;
    uint8_t *fdt = aligned_alloc(8, (size + 8) & ~(size_t)7);
    memcpy(fdt, data, size);
    struct dt_walk walk;
    struct dt_device device;
    enum dt_rule rule;
    if (!dt_open(fdt, size, &why) && !dt_walk_begin(&walk, fdt))
        while (dt_walk_next(&walk, &device, &rule))
            if (!rule)
                use_device(&walk, &device);
    free(fdt);
    return 0;
}
