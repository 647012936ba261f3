// SPDX-License-Identifier: MIT
/*
 * Mapping many pages is in two passes: the first checks them all and may refuse, the second writes
 * the entries. Both are bounded by ASH_IO_SPACE_PAGES, so there is no preemption point between them
 * and nobody can change what was checked.
 */
#include "object/io_space.h"
#include "hart.h"
#include "iommu/iommu.h"
#include "ipc/invoke.h"
#include "irqchip/irqchip.h"
#include "object/cnode.h"
#include "object/mapping.h"
#include "small.h"

SMALL

static struct iommu_tables *tables_of(const struct io_space *io)
{
    return (struct iommu_tables *)io->space.root;
}

static void detach(struct io_space *io)
{
    if (io->attached)
        iommu_detach(io->device, tables_of(io), io->space.asid);
    io->attached = false;
}

/* --- Iommu ----------------------------------------------------------------------------------- */

static unsigned attach(struct invocation *call)
{
    if (call->length < 1)
        return invoke_error(call, ASH_E_TRUNCATED, 1, 0);
    struct slot *slot = invoke_cap_of(call, 0, ASH_OBJ_IO_SPACE);
    if (!slot)
        return ASH_E_SOURCE;
    struct io_space *io = (struct io_space *)slot->cap.object;
    uint64_t device = invoke_word(call, 0);
    if (device >= iommu_devices())
        return invoke_error(call, ASH_E_RANGE, 0, iommu_devices() - 1);
    if (io->attached || iommu_attached((uint32_t)device))
        return ASH_E_BUSY;
    io->device = (uint32_t)device;
    io->attached = true;
    iommu_attach(io->device, tables_of(io), io->space.asid);
    return ASH_OK;
}

static unsigned next_fault(struct invocation *call)
{
    struct iommu_fault fault = {};
    bool found = iommu_next_fault(&fault);
    invoke_reply(call, 0, found);
    invoke_reply(call, 1, fault.device);
    invoke_reply(call, 2, fault.address);
    invoke_reply(call, 3, fault.cause | (uint64_t)fault.kind << 16 | (fault.lost ? 1ull << 32 : 0));
    return ASH_OK;
}

/* The way that the IOMMU goes: from the directory, not from any object. */
static unsigned look(struct invocation *call)
{
    if (call->length < 2)
        return invoke_error(call, ASH_E_TRUNCATED, 2, 0);
    uint64_t device = invoke_word(call, 0), address = invoke_word(call, 1);
    if (device >= iommu_devices())
        return invoke_error(call, ASH_E_RANGE, 0, iommu_devices() - 1);
    if (address >> 41) /* Sv39x4 */
        return invoke_error(call, ASH_E_RANGE, 1, (1ull << 41) - 1);
    unsigned bits;
    const pte *table = iommu_root((uint32_t)device, &bits);
    pte entry = table ? table[address >> (bits = ASH_GIGAPAGE_BITS)] : 0;
    while ((entry & PTE_V) && !(entry & PTE_LEAF) && bits > ASH_PAGE_BITS) {
        bits -= 9;
        table = window(pte_target(entry));
        entry = table[address >> bits & (ROOT_ENTRIES - 1)];
    }
    invoke_reply(call, 0, table != nullptr);
    invoke_reply(call, 1, bits);
    invoke_reply(call, 2, entry);
    return ASH_OK;
}

static unsigned invoke_iommu(struct slot *slot, uint64_t method, struct invocation *call)
{
    (void)slot;
    switch (method) {
    case ASH_IOMMU_INFO:
        invoke_reply(call, 0, iommu_capabilities());
        invoke_reply(call, 1, iommu_devices());
        return ASH_OK;
    case ASH_IOMMU_ATTACH:
        return attach(call);
    case ASH_IOMMU_FAULT:
        return next_fault(call);
    case ASH_IOMMU_LOOK:
        return look(call);
    default:
        return invoke_error(call, ASH_E_METHOD, method, 0);
    }
}

const struct object_class iommu_class = {
    .name = "Iommu",
    .invoke = invoke_iommu,
    .copyable = true,
};

/* --- IoSpace --------------------------------------------------------------------------------- */

/* The slots that a method names: c0 CNode, first index, count. Null: *error says why. */
static struct slot *decode_slots(struct invocation *call, unsigned word, unsigned *error)
{
    struct slot *container = invoke_cap_of(call, 0, ASH_OBJ_CNODE);
    *error = ASH_E_SOURCE;
    if (!container)
        return nullptr;
    struct cnode *cnode = (struct cnode *)container->cap.object;
    uint64_t first = invoke_word(call, word), count = invoke_word(call, word + 1);
    uint64_t mask = cnode_mask(cnode);
    if (count < 1 || count > ASH_IO_SPACE_PAGES)
        *error = invoke_error(call, ASH_E_RANGE, word + 1, ASH_IO_SPACE_PAGES);
    else if (first > mask || count > mask + 1 - first)
        *error = invoke_error(call, ASH_E_RANGE, word, mask);
    else
        return &cnode->slot[first];
    return nullptr;
}

static unsigned map(struct io_space *io, struct invocation *call)
{
    if (call->length < 4)
        return invoke_error(call, ASH_E_TRUNCATED, 4, 0);
    unsigned error;
    struct slot *slots = decode_slots(call, 2, &error);
    if (!slots)
        return error;
    uint64_t address = invoke_word(call, 0), rights = invoke_word(call, 1);
    uint64_t count = invoke_word(call, 3);
    pte *entry[ASH_IO_SPACE_PAGES];
    for (uint64_t i = 0; i < count; i++) {
        struct capability *cap = &slots[i].cap;
        uint64_t at = address + i * ASH_PAGE_SIZE;
        if (cap->type != ASH_OBJ_FRAME || cap->bits != ASH_PAGE_BITS)
            return invoke_error(call, ASH_E_SOURCE, 2 + i, ASH_OBJ_FRAME);
        error = mapping_decode(cap, call, &io->space, at, rights, &entry[i]);
        if (error != ASH_OK)
            return error;
    }
    for (uint64_t i = 0; i < count; i++)
        mapping_commit(&slots[i].cap, &io->space, address + i * ASH_PAGE_SIZE, rights, entry[i]);
    return ASH_OK;
}

static unsigned unmap(struct io_space *io, struct invocation *call)
{
    if (call->length < 2)
        return invoke_error(call, ASH_E_TRUNCATED, 2, 0);
    unsigned error;
    struct slot *slots = decode_slots(call, 0, &error);
    if (!slots)
        return error;
    uint64_t count = invoke_word(call, 1);
    for (uint64_t i = 0; i < count; i++) {
        struct capability *cap = &slots[i].cap;
        if (cap->type != ASH_OBJ_FRAME || cap->bits != ASH_PAGE_BITS || !mapping_present(cap) ||
            mapping_vspace(cap) != &io->space)
            continue;
        if (mapping_clear(cap))
            iommu_forget_page(io->space.asid, mapping_address(cap));
        mapping_forget(cap);
    }
    iommu_finish();
    return ASH_OK;
}

static unsigned get_message(struct slot *slot, struct invocation *call)
{
    struct io_space *io = (struct io_space *)slot->cap.object;
    if (!iommu_has_messages() || irqchip_last_message() == irqchip_sources())
        return invoke_error(call, ASH_E_METHOD, ASH_IO_SPACE_GET_MESSAGE, 0);
    bool first = false;
    unsigned error = irq_file_get(&io->messages, slot, call, &first);
    if (error == ASH_OK && first)
        iommu_messages(tables_of(io), io->space.asid, irqchip_message_address(&harts[0]),
                       io->messages.notice);
    return error;
}

static unsigned invoke(struct slot *slot, uint64_t method, struct invocation *call)
{
    struct io_space *io = (struct io_space *)slot->cap.object;
    switch (method) {
    case ASH_IO_SPACE_DETACH:
        if (!io->attached)
            return ASH_E_NOT_BOUND;
        detach(io);
        return ASH_OK;
    case ASH_IO_SPACE_MAP:
        return map(io, call);
    case ASH_IO_SPACE_UNMAP:
        return unmap(io, call);
    case ASH_IO_SPACE_INFO:
        invoke_reply(call, 0, io->attached);
        invoke_reply(call, 1, io->device);
        return ASH_OK;
    case ASH_IO_SPACE_GET_MESSAGE:
        return get_message(slot, call);
    default:
        return invoke_error(call, ASH_E_METHOD, method, 0);
    }
}

/* What is attached is waited for; the rest nobody looks at any more. */
static void destroy(struct object *object)
{
    struct io_space *io = (struct io_space *)object;
    detach(io);
    irq_file_end(&io->messages);
    vspace_give_back_number(&io->space);
}

static uint64_t available(void)
{
    return iommu_works() ? vspace_numbers_left() : 0;
}

static uint64_t size(uint64_t parameter, uint64_t *align)
{
    (void)parameter;
    *align = sizeof(uint64_t) * IOMMU_ROOT_ENTRIES;
    return sizeof(struct iommu_tables);
}

static void create(struct capability *cap, paddr memory, uint64_t parameter)
{
    (void)parameter;
    struct iommu_tables *tables = window(memory);
    static_assert(sizeof(struct io_space) <= sizeof(tables->owner));
    struct io_space *io = (struct io_space *)tables->owner;
    io->space.root = tables->root;
    io->space.for_device = true;
    io->messages.pending = &tables->message_file[0];
    io->messages.enabled = &tables->message_file[1];
    vspace_take_number(&io->space);
    cap->object = (uint64_t)io;
}

const struct object_class io_space_class = {
    .name = "IoSpace",
    .invoke = invoke,
    .destroy = destroy,
    .size = size,
    .create = create,
    .available = available,
    .counted = true,
    .copyable = true,
};

SMALL_END
