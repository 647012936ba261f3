// SPDX-License-Identifier: MIT
//
// The managers inside one process, for host tests: names of devices, symbolic links, device memory,
// interrupts. Logical addresses are the virtual ones.

#include "../../ex/ex.h"
#include "../../hal/hal.h"
#include "../../rtl/rtl.h"
#include "../../vf/vf.h"
#include "posix.h"
#include <unistd.h>

#define NAMES  64u
#define RANGES 16u
#define TEXT   128u

struct name {
    char Text[TEXT];
    char Target[TEXT];
    PDEVICE_OBJECT Device;
};
struct range {
    uint64_t Physical;
    char *Memory;
    size_t Bytes;
};

static struct name names[NAMES];
static struct range ranges[RANGES];
static _Atomic unsigned invalidations;
static PDEVICE_OBJECT file_system;

static void to_text(char text[TEXT], PCUNICODE_STRING s)
{
    ULONG n = 0;
    (void)rtl_to_utf8(text, TEXT - 1, &n, s->Buffer, s->Length);
    text[n] = 0;
}

static struct name *find_name(const char *text)
{
    for (ULONG i = 0; i < NAMES; i++)
        if (names[i].Text[0] != 0 && strcmp(names[i].Text, text) == 0)
            return &names[i];
    return NULL;
}

static NTSTATUS add_name(PCUNICODE_STRING s, PDEVICE_OBJECT device, PCUNICODE_STRING target)
{
    char text[TEXT];
    to_text(text, s);
    if (find_name(text) != NULL)
        return STATUS_OBJECT_NAME_COLLISION;
    for (ULONG i = 0; i < NAMES; i++) {
        if (names[i].Text[0] != 0)
            continue;
        memcpy(names[i].Text, text, TEXT);
        names[i].Device = device;
        if (target != NULL)
            to_text(names[i].Target, target);
        return STATUS_SUCCESS;
    }
    return STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS manager_create_device(PDEVICE_OBJECT device, PCUNICODE_STRING name, BOOLEAN exclusive)
{
    static ULONG64 next_id = 1;
    (void)exclusive;
    io_device(device)->Id = next_id++;
    return name != NULL ? add_name(name, device, NULL) : STATUS_SUCCESS;
}

void manager_delete_device(PDEVICE_OBJECT device)
{
    for (ULONG i = 0; i < NAMES; i++)
        if (names[i].Device == device)
            names[i] = (struct name){0};
    posix_forget_vectors(device);
    posix_forget_state(device);
}

NTSTATUS manager_attach(PDEVICE_OBJECT source, PDEVICE_OBJECT target, PDEVICE_OBJECT *lower)
{
    (void)source;
    *lower = IoGetAttachedDevice(target);
    return STATUS_SUCCESS;
}

void manager_detach(PDEVICE_OBJECT lower)
{
    (void)lower;
}

NTSTATUS manager_create_link(PCUNICODE_STRING link, PCUNICODE_STRING target)
{
    return add_name(link, NULL, target);
}

NTSTATUS manager_delete_link(PCUNICODE_STRING link)
{
    char text[TEXT];
    to_text(text, link);
    struct name *name = find_name(text);
    if (name == NULL || name->Device != NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    *name = (struct name){0};
    return STATUS_SUCCESS;
}

NTSTATUS manager_open_device(PCUNICODE_STRING s, ACCESS_MASK access, PFILE_OBJECT *file,
                             PDEVICE_OBJECT *device)
{
    char text[TEXT];
    (void)access;
    to_text(text, s);
    struct name *name = find_name(text);
    if (name != NULL && name->Device == NULL)
        name = find_name(name->Target);
    if (name == NULL || name->Device == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    *file = io_allocate_file(name->Device);
    *device = IoGetAttachedDevice(name->Device);
    return *file != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

void manager_close_file(PFILE_OBJECT file)
{
    (void)file;
}

void manager_register_file_system(PDEVICE_OBJECT device, BOOLEAN add)
{
    file_system = add ? device : NULL;
}

void manager_invalidate(PDEVICE_OBJECT pdo, DEVICE_RELATION_TYPE type, BOOLEAN state)
{
    (void)pdo, (void)type, (void)state;
    invalidations++;
}

PVOID manager_map_device(ULONG64 physical, SIZE_T bytes)
{
    for (ULONG i = 0; i < RANGES; i++)
        if (ranges[i].Memory != NULL && physical >= ranges[i].Physical &&
            physical + bytes <= ranges[i].Physical + ranges[i].Bytes)
            return ranges[i].Memory + (physical - ranges[i].Physical);
    return NULL;
}

void manager_unmap_device(PVOID address, SIZE_T bytes)
{
    (void)address, (void)bytes;
}

void posix_add_memory(uint64_t physical, void *memory, size_t bytes)
{
    for (ULONG i = 0; i < RANGES; i++) {
        if (ranges[i].Memory != NULL && ranges[i].Physical != physical)
            continue;
        ranges[i] = (struct range){physical, memory, bytes};
        return;
    }
}

int32_t posix_init_driver(PDRIVER_OBJECT driver, PDRIVER_EXTENSION extension,
                          int32_t (*entry)(PDRIVER_OBJECT, void *))
{
    static WCHAR path[] = L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\test";
    UNICODE_STRING registry_path = {sizeof(path) - sizeof(WCHAR), sizeof(path), path};
    io_init_driver(driver, extension);
    if (entry == NULL)
        return STATUS_SUCCESS;
    NTSTATUS status = entry(driver, &registry_path);
    for (PDEVICE_OBJECT device = driver->DeviceObject; device != NULL; device = device->NextDevice)
        device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return status;
}

void posix_reset_thread(void)
{
    PKTHREAD thread = ki_thread();
    thread->Irql = PASSIVE_LEVEL;
    thread->SpinLocks = 0;
    thread->CriticalDepth = 0;
    thread->GuardedDepth = 0;
    ki_seh_reset();
    ki_calls = NULL;
    ki_bugcheck_reset();
    vf_live_reset();
    vf_locks_reset();
    InitializeListHead(&thread->Mutants);
}

void posix_pool_usage(size_t *bytes, size_t *blocks)
{
    SIZE_T b, n;
    ex_pool_usage(&b, &n);
    *bytes = b;
    *blocks = n;
}

unsigned posix_invalidations(void)
{
    return invalidations;
}

unsigned posix_invalidations_await(unsigned number)
{
    for (unsigned i = 0; i < 10000 && invalidations < number; i++)
        usleep(1000);
    return invalidations;
}

PDEVICE_OBJECT posix_file_system(void)
{
    return file_system;
}

const char *posix_link_target(const char *link)
{
    struct name *name = find_name(link);
    return name != NULL && name->Device == NULL ? name->Target : NULL;
}

bool posix_verify(const char *options)
{
    return vf_configure(options);
}
