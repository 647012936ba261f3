// SPDX-License-Identifier: MIT
/* Firmware calls: a7 extension, a6 function, a0..a5 arguments; a0 error, a1 value. */
#include "arch/sbi.h"
#include "arch/memory.h"
#include "small.h"

#include <stdbool.h>

enum {
    EXT_LEGACY_SHUTDOWN = 8,
    EXT_LEGACY_PUTCHAR = 1,
    EXT_LEGACY_GETCHAR = 2,
    EXT_BASE = 0x10,
    EXT_TIME = 0x54494d45,
    EXT_IPI = 0x735049,
    EXT_RFENCE = 0x52464e43,
    EXT_HSM = 0x48534d,
    EXT_SRST = 0x53525354,
    EXT_DBCN = 0x4442434e,
};

static bool have_console, have_reset;

static struct sbi_result call(uint64_t extension, uint64_t function, uint64_t x0, uint64_t x1,
                              uint64_t x2, uint64_t x3, uint64_t x4)
{
    register uint64_t a0 __asm__("a0") = x0;
    register uint64_t a1 __asm__("a1") = x1;
    register uint64_t a2 __asm__("a2") = x2;
    register uint64_t a3 __asm__("a3") = x3;
    register uint64_t a4 __asm__("a4") = x4;
    register uint64_t a6 __asm__("a6") = function;
    register uint64_t a7 __asm__("a7") = extension;
    __asm__ volatile("ecall"
                     : "+r"(a0), "+r"(a1)
                     : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7)
                     : "memory");
    return (struct sbi_result){(int64_t)a0, (int64_t)a1};
}

INIT static bool probe(uint64_t extension)
{
    struct sbi_result r = call(EXT_BASE, 3, extension, 0, 0, 0, 0);
    return r.error == 0 && r.value != 0;
}

INIT void sbi_init(void)
{
    have_console = probe(EXT_DBCN);
    have_reset = probe(EXT_SRST);
}

int64_t sbi_implementation(void)
{
    return call(EXT_BASE, 1, 0, 0, 0, 0, 0).value;
}
int64_t sbi_version(void)
{
    return call(EXT_BASE, 2, 0, 0, 0, 0, 0).value;
}

void sbi_console_write(const char *bytes, size_t count)
{
    uint64_t physical = kernel_to_physical(bytes);
    while (have_console && count > 0) {
        struct sbi_result r = call(EXT_DBCN, 0, count, physical, 0, 0, 0);
        if (r.error != 0)
            return;
        physical += (uint64_t)r.value;
        count -= (size_t)r.value;
    }
    for (size_t i = 0; i < count; i++)
        call(EXT_LEGACY_PUTCHAR, 0, (uint8_t)bytes[i], 0, 0, 0, 0);
}

int sbi_console_read(void)
{
    if (!have_console) {
        int64_t c = call(EXT_LEGACY_GETCHAR, 0, 0, 0, 0, 0, 0).error;
        return c < 0 ? -1 : (int)c;
    }
    static char byte;
    struct sbi_result r = call(EXT_DBCN, 1, 1, kernel_to_physical(&byte), 0, 0, 0);
    return r.error == 0 && r.value == 1 ? (uint8_t)*(volatile char *)&byte : -1;
}

void sbi_set_timer(uint64_t deadline)
{
    call(EXT_TIME, 0, deadline, 0, 0, 0, 0);
}
void sbi_send_ipi(uint64_t mask, uint64_t base)
{
    call(EXT_IPI, 0, mask, base, 0, 0, 0);
}
void sbi_remote_fence_i(uint64_t mask, uint64_t base)
{
    call(EXT_RFENCE, 0, mask, base, 0, 0, 0);
}

void sbi_remote_sfence_page(uint64_t mask, uint64_t base, uint64_t address, uint64_t asid)
{
    call(EXT_RFENCE, 2, mask, base, address, 4096, asid);
}

void sbi_remote_sfence_asid(uint64_t mask, uint64_t base, uint64_t asid)
{
    call(EXT_RFENCE, 2, mask, base, 0, ~0ull, asid);
}

void sbi_remote_sfence_everywhere(void)
{
    call(EXT_RFENCE, 1, 0, ~0ull, 0, ~0ull, 0);
}

INIT int64_t sbi_hart_start(uint64_t hart, uint64_t physical_entry, uint64_t opaque)
{
    return call(EXT_HSM, 0, hart, physical_entry, opaque, 0, 0).error;
}

void sbi_reset(uint64_t type, uint64_t reason)
{
    if (have_reset)
        call(EXT_SRST, 0, type, reason, 0, 0, 0);
    if (type == 0)
        call(EXT_LEGACY_SHUTDOWN, 0, 0, 0, 0, 0, 0);
}
