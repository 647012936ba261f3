// SPDX-License-Identifier: MIT
//
// The sample driver `controller`: what the controller and each drive keep.
#ifndef SAMPLE_CONTROLLER_H
#define SAMPLE_CONTROLLER_H

#include <ntddk.h>

#include "drives.h"

// How long the imaginary hardware takes for one transfer.
#define TRANSFER_MILLISECONDS 2

// ControllerExtension. Used by the drive that has the controller; nothing else guards it.
typedef struct _SHARED {
    BOOLEAN Working;
    PDEVICE_OBJECT Last; // the drive that had the controller last
    KTIMER Timer;        // the interrupt of the imaginary hardware
    KDPC Dpc;
    struct drive_statistics Statistics;
} SHARED, *PSHARED;

typedef struct _DRIVE {
    PDEVICE_OBJECT Self;
    PCONTROLLER_OBJECT Controller; // the same for both drives
    ULONG Number;
    UCHAR Medium[DRIVE_BYTES];
} DRIVE, *PDRIVE;

// transfer.c
DRIVER_STARTIO DriveStartIo;
DRIVER_CANCEL DriveCancel;
KDEFERRED_ROUTINE TransferDone;
// Takes the requests of one file (all if NULL) out of the drive's queue and completes them.
VOID DriveGiveUp(PDEVICE_OBJECT device, PFILE_OBJECT file);

#endif
