// SPDX-License-Identifier: MIT
//
// What host tests use besides the documented interface: everything lies in one process, so a fake
// lower device is simply another driver object.
//
// A test of a driver:
//     DRIVER_OBJECT driver; DRIVER_EXTENSION extension;
//     posix_init_driver(&driver, &extension, DriverEntry);         // runs DriverEntry
//     posix_init_driver(&fake, &fake_extension, NULL);             // fill fake.MajorFunction[]
//     IoCreateDevice(&fake, 0, NULL, FILE_DEVICE_DISK, 0, FALSE, &pdo);
//     driver.DriverExtension->AddDevice(&driver, pdo);
//     IoCallDriver(IoGetAttachedDevice(pdo), IoBuildSynchronousFsdRequest(...));

#ifndef DDK_POSIX_H
#define DDK_POSIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../port.h"

uint64_t ki_dispatch_run(void);
void po_idle_second(void); // one second of idle detection
// A power IRP is watched by the power manager; what drivers want of the system (ES_...).
void posix_set_watchdog(bool on, uint32_t seconds);
uint32_t posix_busy_flags(void);

// Runs body; true if it ended in a bug check, whose text is then in *text. The thread may be left
// with a raised IRQL or locks held: posix_reset_thread puts that right.
bool posix_expect_bugcheck(void (*body)(void *), void *argument, const char **text);
void posix_reset_thread(void);

// Puts the calling thread into the context of the application with that process id (0: takes it
// out again), which brought no user addresses; each call of posix_user_range adds one range.
void posix_user_context(uint32_t process);
void posix_user_range(const volatile void *address, size_t bytes, bool write);

// Verifies drivers from now on with these options (libddk/vf/vf.h), "" with none. False: unknown.
bool posix_verify(const char *options);
// The code and first parameters of the last bug check that posix_expect_bugcheck saw.
uint32_t posix_bugcheck(uint64_t parameters[4]);

struct _DRIVER_OBJECT;
struct _DRIVER_EXTENSION;
struct _DEVICE_OBJECT;
int32_t posix_init_driver(struct _DRIVER_OBJECT *driver, struct _DRIVER_EXTENSION *extension,
                          int32_t (*entry)(struct _DRIVER_OBJECT *, void *));

// Device memory for MmMapIoSpace: [physical, physical + bytes) is at `memory`, page aligned both.
void posix_add_memory(uint64_t physical, void *memory, size_t bytes);
// The line interrupt of a device; posix_interrupt runs the connected ISRs of a vector and returns
// whether one of them claimed it.
void posix_set_vector(struct _DEVICE_OBJECT *pdo, uint32_t vector);
bool posix_interrupt(uint32_t vector);
// Instead of a line: `count` messages, with vectors from `first` on.
#define POSIX_MESSAGE_ADDRESS 0xfffff000u
void posix_set_messages(struct _DEVICE_OBJECT *pdo, uint32_t first, uint32_t count);
void posix_forget_vectors(struct _DEVICE_OBJECT *pdo);
void posix_forget_state(struct _DEVICE_OBJECT *device); // what its driver wanted kept
// After so many more connections one is refused: STATUS_INSUFFICIENT_RESOURCES. ~0: none.
void posix_refuse_connect(unsigned after);
// How many passive-level ISRs have returned and had their interrupt let through again.
unsigned posix_passive_isrs(void);

// What DMA is like from now on, for every device; NULL: as at the beginning, logical addresses are
// the virtual ones and nothing is enforced. Common buffers below a limit have addresses of their
// own, which posix_dma_memory turns into memory (NULL: there is none).
struct posix_dma {
    bool enforced, copying;              // behind an IOMMU; marked for the copying pool
    unsigned map_registers;              // that the driver package asks for
    uint64_t (*logical)(uintptr_t page); // of a page; NULL: its virtual one
    bool lasting;                        // addresses of pages last: nothing is opened for lists
    int32_t refusal;                     // status of each manager_dma_open; 0: it succeeds
    unsigned common_most;                // pages of the largest common buffer; 0: any
};
void posix_set_dma(const struct posix_dma *dma);
void *posix_dma_memory(uint64_t logical);
unsigned posix_dma_open(void);   // pages that are open to a device
unsigned posix_dma_opened(void); // that ever were
unsigned posix_dma_common(void); // common buffers

// Makes a device the PDO of the device instance with that path (kept by reference); NULL: no more.
void posix_set_instance(struct _DEVICE_OBJECT *pdo, const char *path);

bool posix_is_pdo(struct _DEVICE_OBJECT *device); // it has an instance path
// What IoGetDeviceProperty answers for such a device; `property` is a DEVICE_REGISTRY_PROPERTY.
void posix_set_property(struct _DEVICE_OBJECT *pdo, unsigned property, const void *data,
                        size_t bytes);
// The plug-and-play manager asks whether the device may be removed; the first refusal. Or it says
// that it stays after all.
int32_t posix_query_remove_target(struct _DEVICE_OBJECT *pdo);
void posix_cancel_remove_target(struct _DEVICE_OBJECT *pdo);
// Number of IoRequestDeviceEject calls for such devices so far, in all.
unsigned posix_ejections(void);

// The plug-and-play manager says that the device was removed.
void posix_remove_target(struct _DEVICE_OBJECT *pdo);

// What the driver prints goes to `to` (terminated, cut at bytes) until called with NULL.
void posix_capture(char *to, size_t bytes);

// Bytes and blocks of pool in use.
void posix_pool_usage(size_t *bytes, size_t *blocks);

// Number of IoInvalidateDeviceRelations calls for a device so far, in all.
unsigned posix_invalidations(void);

// Waits until there were that many, for 10 s at most, and returns how many there were: a driver may
// tell of its device after it has completed its requests.
unsigned posix_invalidations_await(unsigned number);

// The control device that IoRegisterFileSystem was given last, or NULL.
struct _DEVICE_OBJECT *posix_file_system(void);
// Target of a symbolic link that IoCreateSymbolicLink made (UTF-16 as ASCII), or NULL.
const char *posix_link_target(const char *link);

#endif
