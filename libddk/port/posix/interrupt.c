// SPDX-License-Identifier: MIT
//
// Interrupts of devices inside one process, for host tests: a device has a line, or messages. The
// test raises them on its own thread.

#include "../../hal/hal.h"
#include "posix.h"

#include <pthread.h>

#define VECTORS 16u

// Held while an ISR of a vector that is not passive runs, and while an interrupt is taken off the
// table: a disconnect returns when no ISR runs any more.
static pthread_mutex_t delivery = PTHREAD_MUTEX_INITIALIZER;

static PKINTERRUPT interrupts[VECTORS];
static struct {
    PDEVICE_OBJECT Pdo;
    ULONG Vector, Messages; // 0: a line
} vectors[VECTORS];
static unsigned refusals = ~0u, done;

NTSTATUS manager_connect_interrupt(PKINTERRUPT interrupt)
{
    bool refuses = refusals == 0;
    if (refusals != ~0u)
        refusals--;
    if (refuses)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < VECTORS; i++) {
        if (interrupts[i] != NULL)
            continue;
        interrupts[i] = interrupt;
        return STATUS_SUCCESS;
    }
    return STATUS_INSUFFICIENT_RESOURCES;
}

void manager_interrupt_done(PKINTERRUPT interrupt)
{
    __atomic_store_n(&interrupt->Port, NULL, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&done, 1, __ATOMIC_SEQ_CST);
}

void manager_disconnect_interrupt(PKINTERRUPT interrupt)
{
    pthread_mutex_lock(&delivery);
    for (ULONG i = 0; i < VECTORS; i++)
        if (interrupts[i] == interrupt)
            interrupts[i] = NULL;
    pthread_mutex_unlock(&delivery);
}

NTSTATUS manager_line_vector(PDEVICE_OBJECT pdo, PULONG vector)
{
    for (ULONG i = 0; i < VECTORS; i++) {
        if (vectors[i].Pdo != pdo)
            continue;
        *vector = vectors[i].Vector;
        return STATUS_SUCCESS;
    }
    return STATUS_NOT_FOUND;
}

NTSTATUS manager_message(PDEVICE_OBJECT pdo, ULONG index, struct hal_message *message)
{
    for (ULONG i = 0; i < VECTORS; i++) {
        if (vectors[i].Pdo != pdo || vectors[i].Messages == 0)
            continue;
        *message = (struct hal_message){.Count = vectors[i].Messages,
                                        .Vector = vectors[i].Vector + index,
                                        .Data = index + 1,
                                        .Address = POSIX_MESSAGE_ADDRESS,
                                        .Affinity = 1};
        return index < vectors[i].Messages ? STATUS_SUCCESS : STATUS_NO_MORE_ENTRIES;
    }
    return STATUS_NOT_FOUND;
}

void posix_set_messages(PDEVICE_OBJECT pdo, uint32_t first, uint32_t count)
{
    for (ULONG i = 0; i < VECTORS; i++) {
        if (vectors[i].Pdo != NULL && vectors[i].Pdo != pdo)
            continue;
        vectors[i].Pdo = pdo;
        vectors[i].Vector = first;
        vectors[i].Messages = count;
        return;
    }
}

void posix_set_vector(PDEVICE_OBJECT pdo, uint32_t vector)
{
    posix_set_messages(pdo, vector, 0);
}

void posix_forget_vectors(PDEVICE_OBJECT pdo)
{
    for (ULONG i = 0; i < VECTORS; i++)
        if (vectors[i].Pdo == pdo)
            vectors[i].Pdo = NULL;
}

void posix_refuse_connect(unsigned after)
{
    refusals = after;
}

unsigned posix_passive_isrs(void)
{
    return __atomic_load_n(&done, __ATOMIC_SEQ_CST);
}

// A vector is masked from when it interrupts until its ISR has returned: one that comes meanwhile
// comes then. Port says that it is.
static enum hal_isr deliver(PKINTERRUPT interrupt)
{
    while (__atomic_load_n(&interrupt->Port, __ATOMIC_SEQ_CST) != NULL)
        port_relax(0);
    if (interrupt->Passive)
        __atomic_store_n(&interrupt->Port, interrupt, __ATOMIC_SEQ_CST);
    enum hal_isr result = hal_interrupt(interrupt);
    if (interrupt->Passive && result != HAL_ISR_LATER)
        __atomic_store_n(&interrupt->Port, NULL, __ATOMIC_SEQ_CST);
    return result;
}

bool posix_interrupt(uint32_t vector)
{
    bool claimed = false;
    for (ULONG i = 0; i < VECTORS; i++) {
        pthread_mutex_lock(&delivery);
        PKINTERRUPT interrupt = interrupts[i];
        BOOLEAN mine = interrupt != NULL && interrupt->Vector == vector;
        BOOLEAN passive = mine && interrupt->Passive;
        if (mine && !passive)
            claimed |= deliver(interrupt) != HAL_ISR_DECLINED;
        pthread_mutex_unlock(&delivery);
        if (passive)
            claimed |= deliver(interrupt) != HAL_ISR_DECLINED;
    }
    return claimed;
}
