// SPDX-License-Identifier: MIT
/*
 * Services that are drivers. There is no database of services: what CreateService makes is known to
 * this process alone, and every driver that is loaded is a service of its name. Starting loads
 * drivers/NAME/NAME of the boot package, NAME being the last part of the binary's path without
 * .sys, in lower case; stopping unloads it.
 */
#ifndef WIN32_WINSVC_H
#define WIN32_WINSVC_H

#include <windows.h>

#define SC_MANAGER_CONNECT          0x0001
#define SC_MANAGER_CREATE_SERVICE   0x0002
#define SC_MANAGER_ALL_ACCESS       0xF003F
#define SERVICE_QUERY_STATUS        0x0004
#define SERVICE_START               0x0010
#define SERVICE_STOP                0x0020
#define SERVICE_ALL_ACCESS          0xF01FF
#define SERVICE_KERNEL_DRIVER       0x00000001
#define SERVICE_FILE_SYSTEM_DRIVER  0x00000002
#define SERVICE_BOOT_START          0
#define SERVICE_SYSTEM_START        1
#define SERVICE_AUTO_START          2
#define SERVICE_DEMAND_START        3
#define SERVICE_DISABLED            4
#define SERVICE_ERROR_IGNORE        0
#define SERVICE_ERROR_NORMAL        1
#define SERVICE_CONTROL_STOP        1
#define SERVICE_CONTROL_INTERROGATE 4
#define SERVICE_STOPPED             1
#define SERVICE_START_PENDING       2
#define SERVICE_STOP_PENDING        3
#define SERVICE_RUNNING             4
#define SERVICE_ACCEPT_STOP         1

typedef struct _SERVICE_STATUS {
    DWORD dwServiceType, dwCurrentState, dwControlsAccepted, dwWin32ExitCode,
        dwServiceSpecificExitCode, dwCheckPoint, dwWaitHint;
} SERVICE_STATUS, *LPSERVICE_STATUS;

SC_HANDLE WINAPI OpenSCManagerA(LPCSTR machine, LPCSTR database, DWORD access);
/* ERROR_SERVICE_EXISTS: also for a driver that is loaded. */
SC_HANDLE WINAPI CreateServiceA(SC_HANDLE manager, LPCSTR name, LPCSTR display_name, DWORD access,
                                DWORD type, DWORD start, DWORD error_control, LPCSTR binary,
                                LPCSTR group, LPDWORD tag, LPCSTR dependencies, LPCSTR account,
                                LPCSTR password);
SC_HANDLE WINAPI OpenServiceA(SC_HANDLE manager, LPCSTR name, DWORD access);
/* ERROR_SERVICE_ALREADY_RUNNING, ERROR_FILE_NOT_FOUND, or what DriverEntry returned. */
BOOL WINAPI StartServiceA(SC_HANDLE service, DWORD count, LPCSTR *arguments);
/* ERROR_SERVICE_NOT_ACTIVE, ERROR_SERVICE_CANNOT_ACCEPT_CTRL, ERROR_INVALID_SERVICE_CONTROL. */
BOOL WINAPI ControlService(SC_HANDLE service, DWORD control, LPSERVICE_STATUS status);
BOOL WINAPI QueryServiceStatus(SC_HANDLE service, LPSERVICE_STATUS status);
BOOL WINAPI DeleteService(SC_HANDLE service);
BOOL WINAPI CloseServiceHandle(SC_HANDLE handle);

#ifndef UNICODE
#define OpenSCManager OpenSCManagerA
#define CreateService CreateServiceA
#define OpenService   OpenServiceA
#define StartService  StartServiceA
#endif

#endif
