// SPDX-License-Identifier: MIT
/*
 * What the plug-and-play manager asks of a bus driver beyond the documented PnP IRPs.
 *
 * IRP_MJ_PNP with minor PNP_MN_QUIESCE_DEVICE, to a PDO: the device shall do no more DMA and raise
 * no more interrupts, whatever its function driver does, and whatever state the device is in. When
 * the bus driver completes it with STATUS_SUCCESS, what the device had begun has been sent on its
 * way. No parameters. START turns the device on again. It comes
 *   - when the device's function driver has died, before anybody else is told of that;
 *   - when the IOMMU has refused the device's DMA so often that it is cut off;
 *   - after REMOVE, because a driver above may not have passed that on.
 * A bus driver that does not know it leaves the IRP's status alone, as with every unknown minor
 * code; then the IOMMU alone stops the device.
 */
#ifndef ABI_DRIVERS_QUIESCE_H
#define ABI_DRIVERS_QUIESCE_H

#define PNP_MN_QUIESCE_DEVICE 0xf0

#endif
