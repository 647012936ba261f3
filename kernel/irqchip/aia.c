// SPDX-License-Identifier: MIT
/*
 * APLIC and IMSIC. Only a hart itself reaches the enable bits of its IMSIC, so masking is first a
 * note: an interrupt that comes while it is masked is remembered, and only then disabled, on the
 * hart it came to. So a device that does not wait for its driver interrupts once too often, not for
 * ever, and a driver on any hart acknowledges without asking another hart.
 *
 * What irqchip_unmask cannot enable itself, because it runs on another hart, it leaves in `opening`
 * and sends that hart the kernel's own identity.
 *
 * The APLIC sends a message when a level rises, and again when it is told to look (setipnum) and
 * the level is still high; that is the acknowledgement.
 */
#include "irqchip/aia.h"
#include "irqchip/irqchip.h"
#include "small.h"

#define CSR_SISELECT "0x150"
#define CSR_SIREG    "0x151"
#define CSR_STOPEI   "0x15c"

struct aia aia;

#define FREE     (1u << 0) /* may interrupt */
#define AGAIN    (1u << 1) /* came while it was not free */
#define OPEN     (1u << 2) /* enabled in the IMSIC, or about to be */
#define LISTENS  (1u << 3) /* wired: enabled in the APLIC */
#define IS_LEVEL (1u << 4) /* wired: may still be high when it is acknowledged */

static uint8_t state[IRQ_IDENTITIES];
static uint64_t opening[ASH_MAX_HARTS][IRQ_IDENTITIES / 64];

static void select(uint32_t array, uint32_t identity)
{
    csr_write(CSR_SISELECT, array + identity / 64 * 2);
}

/* --- Seldom -------------------------------------------------------------------------------------
 */

SMALL

void aia_hart_init(const struct hart *hart)
{
    for (uint32_t identity = 0; identity <= aia.notice; identity += 64) {
        select(IMSIC_ENABLED, identity);
        csr_write(CSR_SIREG, opening[hart->index][identity / 64]);
        select(IMSIC_PENDING, identity);
        csr_write(CSR_SIREG, 0);
    }
    select(IMSIC_ENABLED, aia.notice);
    csr_set(CSR_SIREG, 1ull << aia.notice % 64);
    csr_write(CSR_SISELECT, IMSIC_THRESHOLD);
    csr_write(CSR_SIREG, 0);
    csr_write(CSR_SISELECT, IMSIC_DELIVERY);
    csr_write(CSR_SIREG, 1);
    csr_set("sie", SIP_EXTERNAL);
}

void aia_connect(uint32_t source, bool edge, const struct hart *hart)
{
    uint64_t at = 4ull * (source - 1);
    *aplic_register(APLIC_SOURCECFG + at) = edge ? APLIC_EDGE : APLIC_LEVEL;
    *aplic_register(APLIC_TARGET + at) = (uint32_t)hart->irq_context << APLIC_HART_SHIFT | source;
    state[source] &= (uint8_t)~(IS_LEVEL | AGAIN);
    if (!edge)
        state[source] |= IS_LEVEL;
}

void aia_raise(uint32_t identity, const struct hart *hart)
{
    fence_device();
    *(volatile uint32_t *)window((paddr){aia_page(hart)}) = identity;
}

static void open(uint32_t identity, struct hart *hart)
{
    state[identity] |= OPEN;
    if (hart == this_hart) {
        select(IMSIC_ENABLED, identity);
        csr_set(CSR_SIREG, 1ull << identity % 64);
        return;
    }
    opening[hart->index][identity / 64] |= 1ull << identity % 64;
    aia_raise(aia.notice, hart);
}

static void open_what_others_asked_for(const struct hart *hart)
{
    for (uint32_t identity = 0; identity <= aia.notice; identity += 64) {
        select(IMSIC_ENABLED, identity);
        csr_set(CSR_SIREG, opening[hart->index][identity / 64]);
        opening[hart->index][identity / 64] = 0;
    }
}

static void close(uint32_t identity)
{
    state[identity] = (state[identity] & (uint8_t)~OPEN) | AGAIN;
    select(IMSIC_ENABLED, identity);
    csr_clear(CSR_SIREG, 1ull << identity % 64);
}

/* Something came that cannot be delivered now. */
static void put_off(uint32_t identity, const struct hart *hart)
{
    if (identity == aia.notice)
        open_what_others_asked_for(hart);
    else if (identity < IRQ_IDENTITIES)
        close(identity);
}

static void listen(uint32_t source)
{
    state[source] |= LISTENS;
    *aplic_register(APLIC_SETIENUM) = source;
}

void aia_mask(uint32_t identity)
{
    state[identity] &= (uint8_t)~(FREE | AGAIN | LISTENS);
    if (identity <= aia.sources)
        *aplic_register(APLIC_CLRIENUM) = identity;
}

SMALL_END

/* --- Each interrupt -----------------------------------------------------------------------------
 */

bool aia_unmask(uint32_t identity, struct hart *hart)
{
    if (state[identity] & AGAIN) {
        state[identity] &= (uint8_t)~AGAIN;
        return true;
    }
    state[identity] |= FREE;
    if (!(state[identity] & OPEN))
        open(identity, hart);
    if (identity > aia.sources)
        return false;
    if (!(state[identity] & LISTENS))
        listen(identity);
    if (state[identity] & IS_LEVEL)
        *aplic_register(APLIC_SETIPNUM) = identity;
    return false;
}

uint32_t aia_claim(const struct hart *hart)
{
    uint32_t identity = (uint32_t)(csr_swap(CSR_STOPEI, 0) >> 16);
    if (identity < IRQ_IDENTITIES && state[identity] & FREE) {
        state[identity] &= (uint8_t)~FREE;
        return identity;
    }
    if (identity != 0)
        put_off(identity, hart);
    return 0;
}
