// SPDX-License-Identifier: MIT
// Services that are drivers.
#include "win32.h"

static SC_HANDLE manager;

static BOOL start(LPCSTR name, LPCSTR binary)
{
    SC_HANDLE service = CreateServiceA(manager, name, name, SERVICE_ALL_ACCESS,
                                       SERVICE_KERNEL_DRIVER, SERVICE_DEMAND_START,
                                       SERVICE_ERROR_NORMAL, binary, NULL, NULL, NULL, NULL, NULL);
    if (service == NULL)
        return FALSE;
    BOOL good = StartServiceA(service, 0, NULL);
    CloseServiceHandle(service);
    return good;
}

void services_start(void)
{
    char path[MAX_PATH];
    manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    check(manager != NULL, "OpenSCManager");
    error_is(OpenServiceA(manager, "ioctl", SERVICE_ALL_ACCESS) == NULL,
             ERROR_SERVICE_DOES_NOT_EXIST, "no such service yet");
    check(GetCurrentDirectoryA(sizeof(path), path) != 0 &&
              SUCCEEDED(strcat_s(path, sizeof(path), "\\IOCTL.sys")),
          "GetCurrentDirectory");
    HANDLE file = CreateFileA(path, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    char head[4] = "";
    DWORD done = 0;
    check(file != INVALID_HANDLE_VALUE && ReadFile(file, head, 4, &done, NULL) && done == 4 &&
              memcmp(head, "\177ELF", 4) == 0,
          "the driver's file is found");
    CloseHandle(file);
    check(start("ioctl", path), "ioctl starts");
    check(start("csq", "C:\\csq.sys") && start("notify", NULL), "and csq, and notify");
    error_is(CreateServiceA(manager, "ioctl", NULL, 0, SERVICE_KERNEL_DRIVER, SERVICE_DEMAND_START,
                            0, path, NULL, NULL, NULL, NULL, NULL) == NULL,
             ERROR_SERVICE_EXISTS, "a second service of that name");
    error_is(!start("nonsense", "C:\\nonsense.sys"), ERROR_FILE_NOT_FOUND, "no such driver");
}

void services_end(void)
{
    SERVICE_STATUS status;
    SC_HANDLE service = OpenServiceA(manager, "IOCTL", SERVICE_ALL_ACCESS);
    check(service != NULL, "OpenService");
    check(QueryServiceStatus(service, &status) && status.dwCurrentState == SERVICE_RUNNING,
          "it runs");
    error_is(!StartServiceA(service, 0, NULL), ERROR_SERVICE_ALREADY_RUNNING, "started twice");
    error_is(!ControlService(service, 99, &status), ERROR_INVALID_SERVICE_CONTROL,
             "no such control");
    HANDLE open =
        CreateFileA("\\\\.\\SampleTransfer", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    error_is(!ControlService(service, SERVICE_CONTROL_STOP, &status),
             ERROR_SERVICE_CANNOT_ACCEPT_CTRL, "its device is open");
    CloseHandle(open);
    check(ControlService(service, SERVICE_CONTROL_STOP, &status) &&
              status.dwCurrentState == SERVICE_STOPPED,
          "it stops");
    error_is(!ControlService(service, SERVICE_CONTROL_STOP, &status), ERROR_SERVICE_NOT_ACTIVE,
             "only once");
    error_is(CreateFileA("\\\\.\\SampleTransfer", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL) ==
                 INVALID_HANDLE_VALUE,
             ERROR_FILE_NOT_FOUND, "its device is gone");
    check(DeleteService(service), "DeleteService");
    error_is(!DeleteService(service), ERROR_SERVICE_MARKED_FOR_DELETE, "is done");
    error_is(!StartServiceA(service, 0, NULL), ERROR_SERVICE_MARKED_FOR_DELETE,
             "it starts no more");
    check(CloseServiceHandle(service), "CloseServiceHandle");
    error_is(OpenServiceA(manager, "ioctl", SERVICE_ALL_ACCESS) == NULL,
             ERROR_SERVICE_DOES_NOT_EXIST, "then it is gone");
    check(CloseServiceHandle(manager), "the manager closes");
}
