// SPDX-License-Identifier: MIT
/*
 * Commands go through a ring of 256 that the IOMMU empties faster than the kernel fills it: whoever
 * posts commands ends with IOFENCE.C and waits for it before it lets go of the kernel lock, so the
 * ring is empty whenever somebody begins.
 *
 * An IOMMU that does not answer within a second is broken hardware: memory that a device may still
 * reach cannot be given to somebody else, and nothing can be promised any more.
 */
#include "iommu/iommu.h"
#include "arch/csr.h"
#include "iommu/registers.h"
#include "panic.h"
#include "sched/sched.h"
#include "small.h"

#include <string.h>

struct iommu iommu;

static volatile uint32_t *reg32(uint32_t offset)
{
    return (volatile uint32_t *)(iommu.registers + offset);
}

bool iommu_works(void)
{
    return iommu.works;
}

/* --- Commands -------------------------------------------------------------------------------- */

static void post(uint64_t word0, uint64_t word1)
{
    uint64_t *command = iommu.commands[iommu.tail % IOMMU_COMMANDS];
    command[0] = word0;
    command[1] = word1;
    iommu.tail++;
}

[[noreturn]] static void silent(void)
{
    panic("the IOMMU does not answer: cqcsr 0x%x", *reg32(IOMMU_CQCSR));
}

void iommu_finish(void)
{
    post(COMMAND_FENCE | FENCE_READS | FENCE_WRITES, 0);
    uint32_t end = iommu.tail % IOMMU_COMMANDS;
    fence_device();
    *reg32(IOMMU_CQT) = end;
    if (*reg32(IOMMU_CQH) == end) [[clang::likely]]
        return;
    uint64_t limit = time_now() + timebase;
    while (*reg32(IOMMU_CQH) != end)
        if (time_now() > limit)
            silent();
}

void iommu_forget_page(uint32_t number, uint64_t address)
{
    post(COMMAND_FORGET_SECOND | FORGET_NUMBER(number) | FORGET_ADDRESS, address >> 2);
}

SMALL

void iommu_forget_all(uint32_t number)
{
    post(COMMAND_FORGET_FIRST | FORGET_NUMBER(number), 0);
    post(COMMAND_FORGET_SECOND | FORGET_NUMBER(number), 0);
    iommu_finish();
}

/* --- The directory --------------------------------------------------------------------------- */

uint64_t iommu_capabilities(void)
{
    return iommu.capabilities;
}

uint64_t iommu_devices(void)
{
    return IOMMU_DEVICES;
}

static uint64_t *middle_entry(uint32_t device)
{
    return &iommu.middle[device >> iommu.leaf_bits];
}

static uint64_t *context_of(uint32_t device)
{
    uint64_t entry = *middle_entry(device);
    if (!(entry & DIRECTORY_V))
        return nullptr;
    uint64_t *page = window((paddr){entry >> 10 << 12});
    return page + (device & ((1u << iommu.leaf_bits) - 1)) * (512u >> iommu.leaf_bits);
}

static uint64_t page_number(const void *page)
{
    return window_physical(page).value >> 12;
}

bool iommu_attached(uint32_t device)
{
    const uint64_t *context = context_of(device);
    return context && (context[CONTEXT_TC] & CONTEXT_V);
}

const uint64_t *iommu_root(uint32_t device, unsigned *neighbours)
{
    const uint64_t *context = context_of(device);
    *neighbours = context ? 0 : iommu.leaf_bits;
    if (!context || !(context[CONTEXT_TC] & CONTEXT_V))
        return nullptr;
    return window((paddr){(context[CONTEXT_IOHGATP] & PPN_MASK) << 12});
}

/* The validity bit last: until then nobody looks at the rest. */
void iommu_attach(uint32_t device, struct iommu_tables *tables, uint32_t number)
{
    uint64_t *entry = middle_entry(device);
    if (!(*entry & DIRECTORY_V)) {
        memset(tables->directory, 0, sizeof(tables->directory));
        fence_device();
        *entry = page_number(tables->directory) << 10 | DIRECTORY_V;
    }
    uint64_t *context = context_of(device);
    context[CONTEXT_IOHGATP] =
        MODE_SV39X4 | (uint64_t)number << GSCID_SHIFT | page_number(tables->root);
    context[CONTEXT_TA] = 0;
    context[CONTEXT_FSC] = 0;
    if (iommu.leaf_bits == EXTENDED_BITS) {
        context[CONTEXT_MSIPTP] = MODE_FLAT | page_number(tables->message_table);
        context[CONTEXT_MSI_MASK] = 0;
        context[CONTEXT_MSI_PATTERN] = ASH_IO_MESSAGE_PAGE >> 12;
    }
    fence_device();
    context[CONTEXT_TC] = CONTEXT_V;
    fence_device();
}

/* The tables of a device that is attached in this page of the directory, or null. */
static struct iommu_tables *tables_in(const uint64_t *page)
{
    for (uint32_t i = 0; i < 512; i += 512u >> iommu.leaf_bits)
        if (page[i + CONTEXT_TC] & CONTEXT_V)
            return window((paddr){(page[i + CONTEXT_IOHGATP] & PPN_MASK) << 12});
    return nullptr;
}

/* The page that these tables gave to the directory goes back: to another's place if others use it.
 * The IOMMU may read either page until it has forgotten the old entry; both say the same. */
static void give_back_page(uint32_t device, struct iommu_tables *tables)
{
    uint64_t *entry = middle_entry(device);
    if (*entry >> 10 != page_number(tables->directory))
        return;
    struct iommu_tables *other = tables_in(tables->directory);
    if (other)
        memcpy(other->directory, tables->directory, sizeof(tables->directory));
    fence_device();
    *entry = other ? page_number(other->directory) << 10 | DIRECTORY_V : 0;
    post(COMMAND_FORGET_DIRECTORY, 0);
}

void iommu_detach(uint32_t device, struct iommu_tables *tables, uint32_t number)
{
    uint64_t *context = context_of(device);
    context[CONTEXT_TC] = 0;
    fence_device();
    post(COMMAND_FORGET_DIRECTORY | DIRECTORY_DEVICE(device), 0);
    iommu_forget_all(number);
    give_back_page(device, tables);
    iommu_finish();
}

/* --- Messages -------------------------------------------------------------------------------- */

bool iommu_has_messages(void)
{
    uint64_t needs = CAPABILITIES_MSI_FLAT | CAPABILITIES_MSI_MRIF;
    return (iommu.capabilities & needs) == needs;
}

void iommu_messages(struct iommu_tables *tables, uint32_t number, uint64_t address, uint32_t notice)
{
    uint64_t file = window_physical(tables->message_file).value;
    tables->message_table[1] = address >> 12 << 10 | notice;
    fence_device();
    tables->message_table[0] = file >> 9 << 7 | MESSAGE_MRIF | MESSAGE_V;
    iommu_forget_page(number, ASH_IO_MESSAGE_PAGE);
    iommu_finish();
}

/* --- Faults ---------------------------------------------------------------------------------- */

/* The queue has overflowed or could not be written: turns it on again, once it was read out. */
static bool records_lost(void)
{
    uint32_t state = *reg32(IOMMU_FQCSR);
    if (!(state & (QUEUE_MEMORY_FAULT | FAULTS_LOST)))
        return false;
    *reg32(IOMMU_FQCSR) = QUEUE_ON | QUEUE_INTERRUPT | QUEUE_MEMORY_FAULT | FAULTS_LOST;
    return true;
}

bool iommu_next_fault(struct iommu_fault *fault)
{
    uint32_t head = *reg32(IOMMU_FQH);
    *reg32(IOMMU_IPSR) = IPSR_FAULT; /* before the look: a later record raises it again */
    fence_device();
    if (head == *reg32(IOMMU_FQT))
        return false;
    const volatile uint64_t *record = iommu.faults[head % IOMMU_FAULTS];
    *fault = (struct iommu_fault){.device = (uint32_t)(record[0] >> 40),
                                  .cause = record[0] & 0xfff,
                                  .kind = record[0] >> 34 & 63,
                                  .address = record[2]};
    fence_device();
    head = (head + 1) % IOMMU_FAULTS;
    *reg32(IOMMU_FQH) = head;
    fault->lost = head == *reg32(IOMMU_FQT) && records_lost();
    return true;
}

SMALL_END
