// SPDX-License-Identifier: MIT
//
// A fake of the driver kit for host tests of whole drivers: one thread, a clock that moves only
// when a test moves it, interrupts that come only when a test raises them. It is strict rather than
// complete: what a driver may not do (complete twice, complete or call with a spin lock held, take
// a lock twice, wait for what nobody will signal, return the wrong status for a pending IRP) stops
// the test program with a line that says so. The real kit has its own tests.
#ifndef FAKE_KIT_H
#define FAKE_KIT_H

#include <wdm.h>

#include <stdbool.h>

// Ends the test program.
_Noreturn void kit_fail(const char *format, ...);

// Forgets everything. Call it first in each test.
void kit_reset(void);

// The same, but the memory that the driver wanted kept stays: its next task is to be started.
void kit_die(void);
void *kit_kept(void); // that memory

// Runs DriverEntry and returns the driver object.
PDRIVER_OBJECT kit_load(DRIVER_INITIALIZE *entry);

// The bottom of a stack: all its IRPs go to `dispatch`.
PDEVICE_OBJECT kit_make_pdo(PDRIVER_DISPATCH dispatch, ULONG flags);
PDEVICE_OBJECT kit_top(PDEVICE_OBJECT device);
PDEVICE_OBJECT kit_find(const char *name); // by ASCII name; NULL
bool kit_link_exists(const char *name);

// One IRP of the test. `done` turns true when it is completed.
struct kit_request {
    PIRP irp;
    bool done;
    NTSTATUS status;
    ULONG_PTR information;
    ULONG64 name; // for DdkRequestName: the same for one that is issued again; 0: none
};

// Makes an IRP for the top of the stack of `device`; *location is what the test may fill in before
// kit_send. The IRP and the request live until kit_reset.
struct kit_request *kit_irp(PDEVICE_OBJECT device, UCHAR major, UCHAR minor,
                            PIO_STACK_LOCATION *location);
// Sends it, checks the pending rule, runs what became runnable, returns what dispatch returned.
NTSTATUS kit_send(PDEVICE_OBJECT device, struct kit_request *request);

// Both at once for PnP IRPs without parameters; the IRP must complete.
NTSTATUS kit_pnp(PDEVICE_OBJECT device, UCHAR minor);
// A whole METHOD_BUFFERED control request; *bytes (may be NULL) gets Information.
NTSTATUS kit_control(PDEVICE_OBJECT device, ULONG code, void *buffer, ULONG in, ULONG out,
                     ULONG_PTR *bytes);
// START with one memory resource and one interrupt.
NTSTATUS kit_start(PDEVICE_OBJECT device, ULONGLONG memory, ULONG memory_bytes, ULONG vector);
void kit_cancel(struct kit_request *request);

// Runs queued DPCs and expired timers until there are none.
void kit_pump(void);
void kit_advance(ULONGLONG milliseconds);
// Calls the connected ISR at its IRQL, then pumps. False: not connected, or not its interrupt.
bool kit_interrupt(void);
bool kit_interrupt_connected(void);

// What DbgPrint printed since the reset, and how many mappings of device memory exist.
extern char kit_log[4096];
extern int kit_mappings;
extern bool kit_fail_mapping, kit_fail_interrupt;

// Completes an IRP in a fake lower driver.
NTSTATUS kit_complete(PIRP irp, NTSTATUS status, ULONG_PTR information);

// The power IRP that the driver asked for last (0 of them: none), and its end.
extern unsigned kit_power_requests;
extern UCHAR kit_power_minor;
extern POWER_STATE kit_power_state;
void kit_power_done(NTSTATUS status);

extern LARGE_INTEGER fake_system_time; // what DdkSetSystemTime was told

#endif
