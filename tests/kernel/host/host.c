// SPDX-License-Identifier: MIT
#include "host.h"
#include "arch/fpu.h"
#include "arch/sbi.h"
#include "iommu/iommu.h"
#include "ipc/fastpath.h"
#include "irqchip/irqchip.h"
#include "object/vspace.h"
#include "panic.h"
#include "sched/sched.h"
#include "tlb.h"
#include "trap.h"

#include <sanitizer/asan_interface.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct host host;
struct hart *host_hart = harts;

struct csrs {
    uint64_t sip, sie, satp, sstatus, stimecmp, other;
    bool external_masked;
};

static struct csrs csrs[ASH_MAX_HARTS];
static jmp_buf back;
static bool woken; /* wfi has returned once in this entry */
static uint64_t boot_next;
static uint32_t pending_source;
static bool unmasked[IRQ_IDENTITIES];
static struct capability boot_vspace;

[[noreturn]] static void vfail(const char *format, va_list arguments)
{
    fputs("\nFAILED: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs("\n", stderr);
    abort();
}

[[noreturn]] void host_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfail(format, arguments);
}

/* --- Registers ------------------------------------------------------------------------------- */

static uint64_t read_sip(void)
{
    struct csrs *own = &csrs[host_hart->index];
    if (host.preempt_in == 1)
        own->sip |= SIP_SOFTWARE;
    if (host.preempt_in > 0)
        host.preempt_in--;
    uint64_t timer = host.time >= own->stimecmp ? SIP_TIMER : 0;
    uint64_t external = pending_source && unmasked[pending_source] && host_hart == &harts[0];
    return own->sip | timer | (external ? SIP_EXTERNAL : 0);
}

uint64_t host_csr_read(enum host_csr csr)
{
    struct csrs *own = &csrs[host_hart->index];
    switch (csr) {
    case HOST_CSR_TIME:
        return host.time += host.time_step;
    case HOST_CSR_SIP:
        return read_sip();
    case HOST_CSR_SIE:
        return own->sie;
    case HOST_CSR_SATP:
        return own->satp;
    case HOST_CSR_SSTATUS:
        return own->sstatus;
    case HOST_CSR_STIMECMP:
        return own->stimecmp;
    default:
        return own->other;
    }
}

void host_csr_write(enum host_csr csr, uint64_t value)
{
    struct csrs *own = &csrs[host_hart->index];
    switch (csr) {
    case HOST_CSR_SIP:
        own->sip = value & SIP_SOFTWARE;
        break;
    case HOST_CSR_SIE:
        own->sie = value;
        break;
    case HOST_CSR_SATP:
        own->satp = value;
        break;
    case HOST_CSR_SSTATUS:
        own->sstatus = value;
        break;
    case HOST_CSR_STIMECMP:
        own->stimecmp = value;
        break;
    default:
        own->other = value;
    }
}

void host_flush(uint64_t address, uint64_t asid)
{
    tlb_flush(address, asid);
}

/* --- Entry and exit --------------------------------------------------------------------------- */

/* As `leave` and `nobody` in trap.S: with the lock, to a thread or to wait for an interrupt. */
static void leave(struct thread *next)
{
    woken = false;
    if (!next) {
        if (setjmp(back) != 0)
            return;
        next = idle();
    }
    host_check(next == this_hart->current, "returned to a thread that is not current");
    host_check(next->state == ASH_THREAD_RUNNING, "returned to a thread in state %u", next->state);
    host_check(next->hart == this_hart, "returned to a thread with another hart's tp");
    kernel_unlock();
}

void wait_for_interrupt(void)
{
    if (woken || !host_interrupt_pending(host_hart->index))
        longjmp(back, 1);
    woken = true;
}

void host_trap(uint64_t cause, uint64_t value)
{
    kernel_lock();
    leave(cause >> 63 ? trap_interrupt() : trap_exception(host_hart->current, cause, value));
}

/* As trap_entry: the two calls with functions of their own get their arguments in registers, and
 * what the thread's memory holds of most of these is old. */
void host_ecall(void)
{
    struct thread *thread = host_hart->current;
    uint64_t a[8];
    memcpy(a, &thread->reg[REG_A0], sizeof(a));
    thread->reg[REG_PC] += 4;
    kernel_lock();
    host_hart->trapped = thread;
    if (a[7] != ASH_SYS_CALL && a[7] != ASH_SYS_REPLY_RECV) {
        leave(syscall(thread));
        return;
    }
    memset(&thread->reg[REG_A1], 0xee, sizeof(a) - sizeof(a[0]));
    if (a[7] == ASH_SYS_REPLY_RECV)
        thread->reg[REG_A6] = a[6];
    leave((a[7] == ASH_SYS_CALL ? fastpath_call : fastpath_reply_recv)(a[0], a[1], a[2], a[3], a[4],
                                                                       a[5], a[6], thread));
}

void host_interrupts(void)
{
    if (host_hart->current) {
        if (host_interrupt_pending(host_hart->index))
            host_trap(SCAUSE_INTERRUPT, 0);
        return;
    }
    kernel_lock();
    leave(next_thread());
}

bool host_interrupt_pending(uint32_t hart)
{
    struct hart *own = host_hart;
    uint64_t armed = host.preempt_in;
    host.preempt_in = 0;
    host_hart = &harts[hart];
    bool pending = (read_sip() & csrs[hart].sie) != 0;
    host.preempt_in = armed;
    host_hart = own;
    return pending;
}

uint64_t host_deadline(uint32_t hart)
{
    return csrs[hart].stimecmp;
}

void host_raise(uint32_t hart, uint64_t sip_bits)
{
    csrs[hart].sip |= sip_bits;
}

void host_raise_source(uint32_t source)
{
    pending_source = source;
}

void host_select(uint32_t hart)
{
    host_hart = &harts[hart];
}

/* --- What the kernel calls -------------------------------------------------------------------- */

void panic(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfail(format, arguments);
}

unsigned print_steps(bool *begun, const char *format, ...)
{
    (void)begun;
    (void)format;
    return ASH_OK;
}

void print(const char *format, ...)
{
    (void)format;
}

void fpu_save(struct thread *thread)
{
    thread->fpu[32] = 0;
}
void fpu_load(struct thread *thread)
{
    (void)thread;
}

/* The other hart takes the interrupt at once: if it is asked to stall, it does. */
void sbi_send_ipi(uint64_t mask, uint64_t base)
{
    struct hart *own = host_hart;
    for (uint32_t i = 0; i < hart_count; i++) {
        if (!(mask >> (harts[i].id - base) & 1))
            continue;
        csrs[i].sip |= SIP_SOFTWARE;
        host_hart = &harts[i];
        if (harts[i].stall)
            hart_do_stall();
    }
    host_hart = own;
}

void sbi_remote_fence_i(uint64_t mask, uint64_t base)
{
    (void)mask;
    (void)base;
}
void sbi_remote_sfence_page(uint64_t mask, uint64_t base, uint64_t address, uint64_t asid)
{
    (void)mask;
    (void)base;
    tlb_flush(address, asid);
}
void sbi_remote_sfence_asid(uint64_t mask, uint64_t base, uint64_t asid)
{
    (void)mask;
    (void)base;
    tlb_flush(~0ull, asid);
}
void sbi_set_timer(uint64_t deadline)
{
    host_csr_write(HOST_CSR_STIMECMP, deadline);
}
void sbi_console_write(const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)*(const volatile char *)&bytes[i];
}
int sbi_console_read(void)
{
    return -1;
}
int64_t sbi_implementation(void)
{
    return 1;
}
int64_t sbi_version(void)
{
    return 0x10005;
}
void sbi_reset(uint64_t type, uint64_t reason)
{
    (void)type;
    (void)reason;
}

/* The fake machine has no IOMMU: IoSpaces cannot be made, so nothing else of it is reached. */
bool iommu_works(void)
{
    return false;
}

uint64_t iommu_capabilities(void)
{
    host_fail("the IOMMU is asked for its capabilities");
}

uint64_t iommu_devices(void)
{
    host_fail("the IOMMU is asked for its devices");
}

bool iommu_attached(uint32_t device)
{
    host_fail("the IOMMU is asked for device %u", device);
}

const uint64_t *iommu_root(uint32_t device, unsigned *)
{
    host_fail("the IOMMU is asked for the tables of device %u", device);
}

void iommu_attach(uint32_t device, struct iommu_tables *, uint32_t)
{
    host_fail("device %u is attached", device);
}

void iommu_detach(uint32_t device, struct iommu_tables *, uint32_t)
{
    host_fail("device %u is detached", device);
}

bool iommu_has_messages(void)
{
    return true;
}

void iommu_messages(struct iommu_tables *, uint32_t, uint64_t, uint32_t)
{
}

void iommu_forget_page(uint32_t, uint64_t address)
{
    host_fail("the IOMMU forgets %lx", address);
}

void iommu_finish(void)
{
    host_fail("the IOMMU finishes");
}

void iommu_forget_all(uint32_t number)
{
    host_fail("the IOMMU forgets space %u", number);
}

bool iommu_next_fault(struct iommu_fault *)
{
    host_fail("the IOMMU is asked for faults");
}

uint32_t irqchip_sources(void)
{
    return HOST_SOURCES;
}
uint32_t irqchip_last_message(void)
{
    return HOST_SOURCES + HOST_MESSAGES;
}
uint64_t irqchip_message_address(const struct hart *hart)
{
    return 0x28000000 + hart->index * ASH_PAGE_SIZE;
}
void irqchip_raise(uint32_t identity, const struct hart *hart)
{
    host_check(identity >= 1 && identity <= HOST_SOURCES + HOST_MESSAGES && hart, "message %u",
               identity);
}
void irqchip_connect(uint32_t source, bool edge, struct hart *hart)
{
    (void)edge;
    host_check(source >= 1 && source <= HOST_SOURCES && hart, "connect of source %u", source);
}
/* A message that came while it was masked is handled by who unmasks it. */
bool irqchip_unmask(uint32_t identity, struct hart *hart)
{
    host_check(identity >= 1 && identity <= HOST_SOURCES + HOST_MESSAGES && hart,
               "unmask of interrupt %u", identity);
    if (identity > HOST_SOURCES && !unmasked[identity] && pending_source == identity) {
        pending_source = 0;
        return true;
    }
    unmasked[identity] = true;
    return false;
}
void irqchip_mask(uint32_t identity, struct hart *hart)
{
    host_check(identity >= 1 && identity <= HOST_SOURCES + HOST_MESSAGES && hart,
               "mask of interrupt %u", identity);
    unmasked[identity] = false;
}
uint32_t irqchip_claim(struct hart *hart)
{
    uint32_t source = hart == &harts[0] && unmasked[pending_source] ? pending_source : 0;
    if (source) {
        unmasked[source] = false;
        pending_source = 0;
    }
    return source;
}

/* --- Memory ----------------------------------------------------------------------------------- */

#define BOOT_SIZE (256ull << 10)

static void map_window(void)
{
    void *want = window((paddr){HOST_RAM});
    void *got = mmap(want, HOST_RAM_SIZE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    host_check(got == want, "the window's address is in use");
    kernel_root = window((paddr){HOST_RAM});
    hardware_asids = 16;
    paddr memory = {HOST_RAM + ASH_PAGE_SIZE};
    boot_vspace = (struct capability){
        .type = ASH_OBJ_VSPACE, .rights = ASH_RIGHT_ALL, .object = memory.value};
    vspace_class.create(&boot_vspace, memory, 0);
}

/* What stays: the kernel's root table and one VSpace, because numbers of address spaces are kept in
 * the kernel's own data. */
#define STAYS (3 * ASH_PAGE_SIZE)

void host_reset(uint32_t count)
{
    static bool mapped;
    if (!mapped)
        map_window();
    mapped = true;
    char *ram = window((paddr){HOST_RAM});
    ASAN_UNPOISON_MEMORY_REGION(ram, HOST_RAM_SIZE);
    memset(ram + STAYS, 0, BOOT_SIZE - STAYS);
    memset(ram + ASH_PAGE_SIZE, 0, ASH_PAGE_SIZE / 2);
    ((struct object *)boot_vspace.object)->references = 0;
    boot_next = HOST_RAM + STAYS;
    all_threads = nullptr;
    memset(harts, 0, sizeof(harts));
    memset(csrs, 0, sizeof(csrs));
    memset(unmasked, 0, sizeof(unmasked));
    host = (struct host){.time = 1000000};
    pending_source = 0;
    have_sstc = true;
    hart_count = count;
    for (uint32_t i = 0; i < count; i++) {
        harts[i].index = i;
        harts[i].id = i + 1;
        harts[i].present = true;
        harts[i].deadline = ~0ull;
        csrs[i].stimecmp = ~0ull;
        csrs[i].satp = harts[i].satp = SATP_SV39 | kernel_to_physical(kernel_root) >> 12;
        csrs[i].sie = SIP_SOFTWARE | SIP_TIMER | SIP_EXTERNAL;
    }
    host_hart = &harts[0];
    tlb_reset();
}

uint64_t host_boot_pages(uint64_t pages)
{
    uint64_t physical = boot_next;
    boot_next += pages * ASH_PAGE_SIZE;
    host_check(boot_next <= HOST_RAM + BOOT_SIZE, "boot memory is used up");
    return physical;
}

struct capability host_make(enum ash_object_type type, uint64_t parameter)
{
    struct capability cap = {.type = (uint8_t)type, .rights = ASH_RIGHT_ALL};
    const struct object_class *class = object_classes[type];
    if (type == ASH_OBJ_VSPACE)
        return boot_vspace;
    if (!class->size)
        return cap;
    uint64_t align, size = class->size(parameter, &align);
    paddr memory = {host_boot_pages(round_up(size, ASH_PAGE_SIZE) / ASH_PAGE_SIZE)};
    cap.object = memory.value;
    class->create(&cap, memory, parameter);
    return cap;
}
