// SPDX-License-Identifier: MIT
// Win32 error codes ("System Error Codes") and HRESULTs that the functions here give.
#ifndef WIN32_WINERROR_H
#define WIN32_WINERROR_H

#define NO_ERROR                         0u
#define ERROR_SUCCESS                    0u
#define ERROR_INVALID_FUNCTION           1u
#define ERROR_FILE_NOT_FOUND             2u
#define ERROR_PATH_NOT_FOUND             3u
#define ERROR_TOO_MANY_OPEN_FILES        4u
#define ERROR_ACCESS_DENIED              5u
#define ERROR_INVALID_HANDLE             6u
#define ERROR_NOT_ENOUGH_MEMORY          8u
#define ERROR_INVALID_DATA               13u
#define ERROR_OUTOFMEMORY                14u
#define ERROR_NOT_SAME_DEVICE            17u
#define ERROR_NO_MORE_FILES              18u
#define ERROR_WRITE_PROTECT              19u
#define ERROR_NOT_READY                  21u
#define ERROR_CRC                        23u
#define ERROR_BAD_LENGTH                 24u
#define ERROR_GEN_FAILURE                31u
#define ERROR_SHARING_VIOLATION          32u
#define ERROR_HANDLE_EOF                 38u
#define ERROR_NOT_SUPPORTED              50u
#define ERROR_FILE_EXISTS                80u
#define ERROR_INVALID_PARAMETER          87u
#define ERROR_DISK_FULL                  112u
#define ERROR_CALL_NOT_IMPLEMENTED       120u
#define ERROR_SEM_TIMEOUT                121u
#define ERROR_INSUFFICIENT_BUFFER        122u
#define ERROR_INVALID_NAME               123u
#define ERROR_DIR_NOT_EMPTY              145u
#define ERROR_BAD_PATHNAME               161u
#define ERROR_BUSY                       170u
#define ERROR_ALREADY_EXISTS             183u
#define ERROR_BAD_EXE_FORMAT             193u
#define ERROR_FILENAME_EXCED_RANGE       206u
#define ERROR_MORE_DATA                  234u
#define ERROR_NO_MORE_ITEMS              259u
#define ERROR_DIRECTORY                  267u
#define ERROR_MR_MID_NOT_FOUND           317u
#define ERROR_DELETE_PENDING             303u
#define ERROR_INVALID_ADDRESS            487u
#define ERROR_OPERATION_ABORTED          995u
#define ERROR_IO_INCOMPLETE              996u
#define ERROR_IO_PENDING                 997u
#define ERROR_NOACCESS                   998u
#define ERROR_INVALID_SERVICE_CONTROL    1052u
#define ERROR_SERVICE_REQUEST_TIMEOUT    1053u
#define ERROR_SERVICE_DATABASE_LOCKED    1055u
#define ERROR_SERVICE_ALREADY_RUNNING    1056u
#define ERROR_SERVICE_DISABLED           1058u
#define ERROR_SERVICE_DOES_NOT_EXIST     1060u
#define ERROR_SERVICE_CANNOT_ACCEPT_CTRL 1061u
#define ERROR_SERVICE_NOT_ACTIVE         1062u
#define ERROR_DATABASE_DOES_NOT_EXIST    1065u
#define ERROR_SERVICE_MARKED_FOR_DELETE  1072u
#define ERROR_SERVICE_EXISTS             1073u
#define ERROR_IO_DEVICE                  1117u
#define ERROR_DEVICE_NOT_CONNECTED       1167u
#define ERROR_NOT_FOUND                  1168u
#define ERROR_CANCELLED                  1223u
#define ERROR_NO_SYSTEM_RESOURCES        1450u
#define ERROR_TIMEOUT                    1460u
#define ERROR_INVALID_USER_BUFFER        1784u
#define ERROR_UNRECOGNIZED_VOLUME        1005u
#define ERROR_FILE_INVALID               1006u
#define ERROR_DISK_CORRUPT               1393u
#define ERROR_FILE_CORRUPT               1392u
#define ERROR_NOT_ENOUGH_QUOTA           1816u
#define ERROR_DEVICE_REMOVED             1617u
#define ERROR_DRIVER_FAILED_PRIOR_UNLOAD 654u
#define ERROR_NOT_A_REPARSE_POINT        4390u
#define ERROR_CANT_RESOLVE_FILENAME      1921u

#define S_OK          ((HRESULT)0)
#define S_FALSE       ((HRESULT)1)
#define E_FAIL        ((HRESULT)0x80004005)
#define E_INVALIDARG  ((HRESULT)0x80070057)
#define SUCCEEDED(hr) ((HRESULT)(hr) >= 0)
#define FAILED(hr)    ((HRESULT)(hr) < 0)
#define HRESULT_FROM_WIN32(error)                                                                  \
    ((error) == 0 ? S_OK : (HRESULT)(((error) & 0xffffu) | 0x80070000u))

#endif
