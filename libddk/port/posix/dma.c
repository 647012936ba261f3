// SPDX-License-Identifier: MIT
//
// DMA in host tests: which addresses pages have, what is open, common buffers. A close that fits no
// open ends the test.

#include "../../hal/hal.h"
#include "posix.h"

#include <stdio.h>
#include <stdlib.h>

#define COMMON_BUFFERS 64u
#define FIRST_LOGICAL  0x10000u

struct opened {
    struct opened *next;
    PMDL mdl;
    ULONG offset, pages;
    BOOLEAN writes;
};
static struct opened *open_list;
static unsigned open_pages, opened_pages;
static struct ki_lock lock;
static struct posix_dma dma;
static struct {
    char *memory;
    uint64_t logical;
    size_t bytes;
} common[COMMON_BUFFERS];

void posix_set_dma(const struct posix_dma *to)
{
    dma = to != NULL ? *to : (struct posix_dma){0};
}

unsigned posix_dma_open(void)
{
    return open_pages;
}

unsigned posix_dma_opened(void)
{
    return opened_pages;
}

static uint64_t logical_of(ULONG_PTR page)
{
    return dma.logical != NULL ? dma.logical(page) : page;
}

NTSTATUS manager_dma_open(PDEVICE_OBJECT pdo, PMDL mdl, ULONG offset, ULONG pages,
                          BOOLEAN device_writes, ULONG64 *logical)
{
    ULONG_PTR page = (ULONG_PTR)PAGE_ALIGN((PCHAR)MmGetMdlVirtualAddress(mdl) + offset);
    (void)pdo;
    if (dma.refusal != 0)
        return dma.refusal;
    struct opened *opened = malloc(sizeof(*opened));
    if (opened == NULL || pages > 32 || pages == 0)
        abort();
    for (ULONG i = 0; i < pages; i++)
        logical[i] = logical_of(page + (ULONG_PTR)i * PAGE_SIZE);
    ki_acquire(&lock);
    *opened = (struct opened){open_list, mdl, offset, pages, device_writes};
    open_list = opened;
    open_pages += pages;
    opened_pages += pages;
    ki_release(&lock);
    return STATUS_SUCCESS;
}

void manager_dma_close(PDEVICE_OBJECT pdo, PMDL mdl, ULONG offset, ULONG pages,
                       BOOLEAN device_writes)
{
    (void)pdo;
    ki_acquire(&lock);
    struct opened **at = &open_list;
    while (*at != NULL && ((*at)->mdl != mdl || (*at)->offset != offset || (*at)->pages != pages ||
                           (*at)->writes != device_writes))
        at = &(*at)->next;
    struct opened *found = *at;
    if (found != NULL) {
        *at = found->next;
        open_pages -= pages;
    }
    ki_release(&lock);
    if (found == NULL) {
        fprintf(stderr, "manager_dma_close of what was not opened\n");
        abort();
    }
    free(found);
}

ULONG64 manager_dma_lasting(PDEVICE_OBJECT pdo, PMDL mdl, PVOID va, BOOLEAN device_writes)
{
    (void)pdo, (void)mdl, (void)device_writes;
    return dma.lasting ? logical_of((ULONG_PTR)PAGE_ALIGN(va)) : 0;
}

bool manager_dma_enforced(PDEVICE_OBJECT pdo)
{
    (void)pdo;
    return dma.enforced;
}

void manager_dma_limit(PDEVICE_OBJECT pdo, ULONG64 highest)
{
    (void)pdo, (void)highest;
}

void manager_dma_settings(PDEVICE_OBJECT pdo, struct hal_dma_settings *settings)
{
    (void)pdo;
    settings->Copying = dma.copying;
    settings->MapRegisters = dma.map_registers;
}

static bool overlaps(uint64_t logical, size_t bytes)
{
    for (unsigned i = 0; i < COMMON_BUFFERS; i++)
        if (common[i].memory != NULL && logical < common[i].logical + common[i].bytes &&
            common[i].logical < logical + bytes)
            return true;
    return false;
}

// The lowest address at which it fits, or 0.
static uint64_t place(size_t bytes, uint64_t highest)
{
    for (uint64_t at = FIRST_LOGICAL; at + bytes - 1 <= highest; at += PAGE_SIZE)
        if (!overlaps(at, bytes))
            return at;
    return 0;
}

PVOID manager_dma_common(PDEVICE_OBJECT pdo, ULONG bytes, ULONG64 highest, ULONG64 *logical)
{
    SIZE_T pages = BYTES_TO_PAGES((SIZE_T)bytes);
    unsigned i = 0;
    (void)pdo;
    if (dma.common_most != 0 && pages > dma.common_most)
        return NULL;
    while (i < COMMON_BUFFERS && common[i].memory != NULL)
        i++;
    if (i == COMMON_BUFFERS)
        return NULL;
    if (highest != MAXULONGLONG && (*logical = place(pages * PAGE_SIZE, highest)) == 0)
        return NULL;
    PVOID memory = port_pages_alloc(pages);
    if (highest == MAXULONGLONG)
        *logical = (ULONG_PTR)memory;
    common[i].memory = memory;
    common[i].logical = *logical;
    common[i].bytes = pages * PAGE_SIZE;
    return memory;
}

void manager_dma_common_free(PVOID address, ULONG bytes)
{
    for (unsigned i = 0; i < COMMON_BUFFERS; i++)
        if (common[i].memory == address)
            common[i].memory = NULL;
    port_pages_free(address, BYTES_TO_PAGES((SIZE_T)bytes));
}

void *posix_dma_memory(uint64_t logical)
{
    for (unsigned i = 0; i < COMMON_BUFFERS; i++)
        if (common[i].memory != NULL && logical - common[i].logical < common[i].bytes)
            return common[i].memory + (logical - common[i].logical);
    return NULL;
}

unsigned posix_dma_common(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < COMMON_BUFFERS; i++)
        count += common[i].memory != NULL;
    return count;
}
