// SPDX-License-Identifier: MIT
// inf_driver.h: what a driver package says.
#include "ash_test.h"

#include "inf_driver.h"

static struct inf inf;
static struct inf_error error;

static const char package[] = "; a serial port\r\n"
                              "[Version]\r\n"
                              "Signature   = \"$WINDOWS NT$\"\r\n"
                              "Class       = Ports\r\n"
                              "ClassGuid   = {4d36e978-e325-11ce-bfc1-08002be10318}\r\n"
                              "Provider    = %Ashlar%\r\n"
                              "DriverVer   = 11/22/2026, 1.2.3.4\r\n"
                              "[Manufacturer]\r\n"
                              "%Ashlar% = Models, NTamd64, NTriscv64\r\n"
                              "[Models.NTamd64]\r\n"
                              "%Desc% = Wrong, DT\\ns16550a\r\n"
                              "[Models.NTriscv64]\r\n"
                              "%Desc% = Uart, DT\\ns16550a, DT\\ns16550, \"DT\\a,b\"\r\n"
                              "\"Other\" = Other, , DT\\other\r\n"
                              "[Uart.NT]\r\n"
                              "CopyFiles = x\r\n"
                              "[Uart.NT.Services]\r\n"
                              "AddService = Filter, , FilterService\r\n"
                              "AddService = Uart, 0x00000002, UartService\r\n"
                              "[UartService]\r\n"
                              "DisplayName = %Desc%\r\n"
                              "Description = \"A port\"\r\n"
                              "ServiceType = 1\r\n"
                              "StartType = 3\r\n"
                              "ErrorControl = 1\r\n"
                              "ServiceBinary = %13%\\ns16550\r\n"
                              "LoadOrderGroup = Extended Base\r\n"
                              "[Strings]\r\n"
                              "Ashlar = \"Ashlar\"\r\n"
                              "Desc = \"16550 serial port\"\r\n";

static enum inf_status open_text(const char *source)
{
    memset(&error, 0, sizeof error);
    return inf_open(&inf, source, strlen(source), nullptr, 0, &error);
}

TEST(version)
{
    struct inf_version version;
    CHECK_EQ(open_text(package), INF_OK);
    CHECK_EQ(inf_read_version(&inf, &version, &error), INF_OK);
    CHECK_STR(version.class_name, "Ports");
    CHECK_STR(version.class_guid, "{4d36e978-e325-11ce-bfc1-08002be10318}");
    CHECK_STR(version.provider, "Ashlar");
    CHECK_EQ(version.year, 2026);
    CHECK_EQ(version.month, 11);
    CHECK_EQ(version.day, 22);
    CHECK_EQ(version.driver_version[0], 1);
    CHECK_EQ(version.driver_version[3], 4);
}

TEST(models)
{
    struct inf_model_iterator it;
    struct inf_model model;
    char id[INF_DEVICE_ID_LEN];
    CHECK_EQ(open_text(package), INF_OK);
    inf_models(&inf, &it);
    CHECK_EQ(inf_next_model(&it, &model, &error), INF_OK);
    CHECK_STR(model.manufacturer, "Ashlar");
    CHECK_STR(model.description, "16550 serial port");
    CHECK_STR(model.install_section, "Uart");
    CHECK_STR(model.hardware_id, "DT\\ns16550a");
    CHECK_EQ(model.compatible_count, 2);
    CHECK_EQ(inf_model_compatible_id(&model, 0, id, &error), INF_OK);
    CHECK_STR(id, "DT\\ns16550");
    CHECK_EQ(inf_model_compatible_id(&model, 1, id, &error), INF_OK);
    CHECK_STR(id, "DT\\a,b");
    CHECK_EQ(inf_model_compatible_id(&model, 2, id, &error), INF_NO_FIELD);
    CHECK_EQ(inf_next_model(&it, &model, &error), INF_OK);
    CHECK_STR(model.hardware_id, "");
    CHECK_EQ(model.compatible_count, 1);
    CHECK_EQ(inf_next_model(&it, &model, &error), INF_END);
    CHECK_EQ(inf_next_model(&it, &model, &error), INF_END);
}

TEST(service)
{
    struct inf_service service;
    CHECK_EQ(open_text(package), INF_OK);
    CHECK_EQ(inf_read_service(&inf, "Uart", &service, &error), INF_OK);
    CHECK_STR(service.name, "Uart");
    CHECK_STR(service.display_name, "16550 serial port");
    CHECK_STR(service.description, "A port");
    CHECK_STR(service.binary, "%13%\\ns16550");
    CHECK_STR(service.file_name, "ns16550");
    CHECK_STR(service.load_order_group, "Extended Base");
    CHECK_EQ(service.type, INF_KERNEL_DRIVER);
    CHECK_EQ(service.start_type, INF_START_DEMAND);
    CHECK_EQ(service.error_control, 1);
    CHECK_EQ(service.flags, 2);
}

static uint32_t score(const char *hardware, const char *compatible)
{
    const char *hardware_ids[] = {"DT\\most-specific", hardware};
    const char *compatible_ids[] = {"DT\\generic", compatible};
    struct inf_device_ids ids = {hardware_ids, 2, compatible_ids, 2};
    struct inf_model model;
    uint32_t value;
    return inf_best_model(&inf, &ids, &model, &value, &error) == INF_OK ? value : 0xbad;
}

TEST(identifier_scores)
{
    CHECK_EQ(open_text(package), INF_OK);
    CHECK_EQ(score("dt\\NS16550A", "x"), 0x0001);
    CHECK_EQ(score("DT\\ns16550", "x"), 0x1001);
    CHECK_EQ(score("x", "DT\\ns16550a"), 0x2001);
    CHECK_EQ(score("x", "DT\\ns16550"), 0x3001);
    CHECK_EQ(score("x", "DT\\a,b"), 0x3101);
    CHECK_EQ(score("x", "y"), INF_NO_MATCH);
    CHECK_EQ(score("", ""), INF_NO_MATCH);
}

TEST(best_model_is_the_lowest_score)
{
    CHECK_EQ(open_text("[Manufacturer]\nM=A\nN=B\n[A]\na=IA,x,exact\n[B]\nb=IB,exact\n"), INF_OK);
    const char *hardware_ids[] = {"exact"};
    struct inf_device_ids ids = {.hardware_ids = hardware_ids, .hardware_count = 1};
    struct inf_model model;
    uint32_t value;
    CHECK_EQ(inf_best_model(&inf, &ids, &model, &value, &error), INF_OK);
    CHECK_STR(model.install_section, "IB");
    CHECK_STR(model.manufacturer, "N");
    CHECK_EQ(value, 0);
}

// Description of the first model under a Manufacturer line.
static const char *chosen(const char *manufacturer_line)
{
    static char source[512];
    static struct inf_model model;
    struct inf_model_iterator it;
    snprintf(source, sizeof source,
             "[Manufacturer]\n%s\n[M]\nplain=I,x\n[M.NT]\nnt=I,x\n[M.NTriscv64]\nriscv=I,x\n"
             "[M.NTriscv64.10.0]\nten=I,x\n[M.NTriscv64.11]\neleven=I,x\n[M.NT.6.1]\nsix=I,x\n",
             manufacturer_line);
    if (open_text(source) != INF_OK) {
        return "syntax";
    }
    inf_models(&inf, &it);
    enum inf_status status = inf_next_model(&it, &model, &error);
    return status == INF_OK ? model.description : inf_status_text(status);
}

TEST(decoration_choice)
{
    CHECK_STR(chosen("Maker = M"), "plain");
    CHECK_STR(chosen("M"), "plain");
    CHECK_STR(chosen("Maker = M, NT"), "nt");
    CHECK_STR(chosen("Maker = M, NT, NTriscv64"), "riscv");
    CHECK_STR(chosen("Maker = M, ntRISCV64, NT"), "riscv");
    CHECK_STR(chosen("Maker = M, NTriscv64, NTriscv64.10.0, NTriscv64.11"), "ten");
    CHECK_STR(chosen("Maker = M, NTriscv64.10.0...14393"),
              inf_status_text(INF_NO_MODELS_FOR_PLATFORM));
    CHECK_STR(chosen("Maker = M, NTriscv64, NT.6.1"), "six");
    CHECK_STR(chosen("Maker = M, NTamd64"), "plain");
    CHECK_STR(chosen("Maker = Q, NTamd64"), inf_status_text(INF_NO_MODELS_FOR_PLATFORM));
}

TEST(other_platform_is_told)
{
    CHECK_EQ(open_text("[Manufacturer]\nMaker = M, NTamd64\n[M.NTamd64]\nd=I,x\n"), INF_OK);
    CHECK_EQ(score("x", "y"), 0xbad);
    CHECK_EQ(error.status, INF_NO_MODELS_FOR_PLATFORM);
    CHECK_EQ(error.line, 2);
    CHECK_STR(error.detail, "M");
}

TEST(default_install_of_a_file_system)
{
    struct inf_service service;
    CHECK_EQ(open_text("[DefaultInstall.NTriscv64.Services]\nAddService=fat,0,S\n[S]\n"
                       "ServiceType=2\nStartType=1\nErrorControl=1\nServiceBinary=%12%\\fat\n"),
             INF_OK);
    CHECK_EQ(inf_read_service(&inf, "DefaultInstall", &service, &error), INF_OK);
    CHECK_EQ(service.type, INF_FILE_SYSTEM_DRIVER);
    CHECK_EQ(service.start_type, INF_START_SYSTEM);
    CHECK_STR(service.file_name, "fat");
}

TEST(null_driver)
{
    struct inf_service service;
    CHECK_EQ(open_text("[I.Services]\nAddService = ,2\n"), INF_OK);
    CHECK_EQ(inf_read_service(&inf, "I", &service, &error), INF_OK);
    CHECK_STR(service.name, "");
}

// Status of [Version] with the given lines behind the signature.
static enum inf_status version_status(const char *lines)
{
    static char source[512];
    struct inf_version version;
    snprintf(source, sizeof source, "[Version]\nSignature=\"$Chicago$\"\n%s", lines);
    enum inf_status status = open_text(source);
    return status == INF_OK ? inf_read_version(&inf, &version, &error) : status;
}

TEST(version_rules)
{
    struct inf_version version;
    CHECK_EQ(version_status("DriverVer=01/02/2026"), INF_OK);
    CHECK_EQ(version_status("DriverVer=01-02-2026,1"), INF_OK);
    CHECK_EQ(version_status(""), INF_NO_ENTRY);
    CHECK_STR(error.detail, "DriverVer");
    CHECK_EQ(version_status("DriverVer=1/02/2026,1"), INF_BAD_DRIVER_VERSION);
    CHECK_EQ(error.line, 3);
    CHECK_EQ(version_status("DriverVer=13/02/2026,1"), INF_BAD_DRIVER_VERSION);
    CHECK_EQ(version_status("DriverVer=01/32/2026,1"), INF_BAD_DRIVER_VERSION);
    CHECK_EQ(version_status("DriverVer=00/01/2026,1"), INF_BAD_DRIVER_VERSION);
    CHECK_EQ(version_status("DriverVer=01-02/2026,1"), INF_BAD_DRIVER_VERSION);
    CHECK_EQ(version_status("DriverVer=01/02/2026,1.65535"), INF_BAD_DRIVER_VERSION);
    CHECK_EQ(version_status("DriverVer=01/02/2026,1.2.3.4.5"), INF_BAD_DRIVER_VERSION);
    CHECK_EQ(version_status("DriverVer=01/02/2026,1."), INF_BAD_DRIVER_VERSION);
    CHECK_EQ(version_status("DriverVer=01/02/2026,99999999999999999999"), INF_BAD_DRIVER_VERSION);
    CHECK_EQ(version_status("ClassGuid={4d36}\nDriverVer=01/02/2026"), INF_BAD_GUID);
    CHECK_EQ(version_status("Provider=%x%\nDriverVer=01/02/2026"), INF_UNDEFINED_STRING);
    CHECK_EQ(open_text("[x]\n"), INF_OK);
    CHECK_EQ(inf_read_version(&inf, &version, &error), INF_NO_SECTION);
    CHECK_EQ(open_text("[Version]\nSignature=x\n"), INF_OK);
    CHECK_EQ(inf_read_version(&inf, &version, &error), INF_BAD_SIGNATURE);
    CHECK_EQ(error.line, 2);
}

// Status of a service whose section holds the given lines.
static enum inf_status service_status(const char *lines)
{
    static char source[512];
    struct inf_service service;
    snprintf(source, sizeof source, "[I.Services]\nAddService=s,2,S\n[S]\n%s", lines);
    enum inf_status status = open_text(source);
    return status == INF_OK ? inf_read_service(&inf, "I", &service, &error) : status;
}

#define CODES "ServiceType=1\nStartType=0\nErrorControl=1\n"

TEST(service_rules)
{
    CHECK_EQ(service_status(CODES "ServiceBinary=%12%\\a.sys\n"), INF_OK);
    CHECK_EQ(service_status(CODES "ServiceBinary=%12%\\dir\\a.sys\n"), INF_OK);
    CHECK_EQ(service_status(CODES "ServiceBinary=a.sys\n"), INF_BAD_SERVICE_BINARY);
    CHECK_EQ(error.line, 7);
    CHECK_EQ(service_status(CODES "ServiceBinary=%12%\\\n"), INF_BAD_SERVICE_BINARY);
    CHECK_EQ(service_status(CODES "ServiceBinary=%12%x\\y\n"), INF_BAD_SERVICE_BINARY);
    CHECK_EQ(service_status(CODES "ServiceBinary=%12%\\../y\n"), INF_BAD_SERVICE_BINARY);
    CHECK_EQ(service_status(CODES), INF_NO_ENTRY);
    CHECK_STR(error.detail, "ServiceBinary");
    CHECK_EQ(service_status("ServiceType=0x10\n"), INF_BAD_SERVICE_TYPE);
    CHECK_EQ(service_status("ServiceType=0\n"), INF_BAD_SERVICE_TYPE);
    CHECK_EQ(service_status("ServiceType=1\nStartType=5\n"), INF_BAD_START_TYPE);
    CHECK_EQ(service_status("ServiceType=1\nStartType=\n"), INF_BAD_START_TYPE);
    CHECK_EQ(service_status("ServiceType=1\nStartType=3\nErrorControl=4\n"), INF_BAD_ERROR_CONTROL);
    CHECK_EQ(service_status("ServiceType=one\n"), INF_NOT_A_NUMBER);
}

TEST(service_must_be_there)
{
    struct inf_service service;
    CHECK_EQ(open_text("[I]\n"), INF_OK);
    CHECK_EQ(inf_read_service(&inf, "I", &service, &error), INF_NO_SECTION);
    CHECK_STR(error.detail, "I.Services");
    CHECK_EQ(open_text("[I.Services]\n"), INF_OK);
    CHECK_EQ(inf_read_service(&inf, "I", &service, &error), INF_NO_SERVICE);
    CHECK_EQ(open_text("[I.Services]\nAddService=s,2\n"), INF_OK);
    CHECK_EQ(inf_read_service(&inf, "I", &service, &error), INF_NO_SECTION);
    CHECK_EQ(error.line, 2);
    CHECK_EQ(open_text("[I.Services]\nAddService=s,2,Gone\n"), INF_OK);
    CHECK_EQ(inf_read_service(&inf, "I", &service, &error), INF_NO_SECTION);
    CHECK_STR(error.detail, "Gone");
}

TEST(model_needs_an_id_and_a_section)
{
    CHECK_EQ(open_text("[Manufacturer]\nm=M\n[M]\nd=I\n"), INF_OK);
    struct inf_model_iterator it;
    struct inf_model model;
    inf_models(&inf, &it);
    CHECK_EQ(inf_next_model(&it, &model, &error), INF_NO_HARDWARE_ID);
    CHECK_EQ(open_text("[Manufacturer]\nm=M\n[M]\nd=,x\n"), INF_OK);
    inf_models(&inf, &it);
    CHECK_EQ(inf_next_model(&it, &model, &error), INF_NO_ENTRY);
    CHECK_EQ(error.line, 4);
}

static const char messages[] = "[Version]\n"
                               "Signature = \"$Windows NT$\"\n"
                               "[I.NTriscv64.HW]\n"
                               "AddReg = Other, Messages\n"
                               "[Other]\n"
                               "HKR,,UpperFilters,0x00010000,a\n"
                               "HKLM,Interrupt Management\\MessageSignaledInterruptProperties,"
                               "MSISupported,0x00010001,0\n"
                               "[Messages]\n"
                               "HKR,Interrupt Management,,0x00000010\n"
                               "HKR,\"interrupt management\\MESSAGEsignaledInterruptProperties\","
                               "msisupported,0x00010001,1\n"
                               "HKR,Interrupt Management\\MessageSignaledInterruptProperties,"
                               "MessageNumberLimit,0x00010001,0x10\n"
                               "[J.HW]\n"
                               "AddReg = Off\n"
                               "[Off]\n"
                               "HKR,Interrupt Management\\MessageSignaledInterruptProperties,"
                               "MSISupported,0x00010001,0\n"
                               "[K.HW]\n"
                               "AddReg = Bad\n"
                               "[Bad]\n"
                               "HKR,Interrupt Management\\MessageSignaledInterruptProperties,"
                               "MSISupported,0x00010001,yes\n";

TEST(messages_of_a_device)
{
    struct inf_messages found = {};
    CHECK_EQ(open_text(messages), INF_OK);
    CHECK_EQ(inf_device_messages(&inf, "None", &found, &error), INF_OK);
    CHECK(!found.supported);
    CHECK_EQ(inf_device_messages(&inf, "I", &found, &error), INF_OK);
    CHECK(found.supported);
    CHECK_EQ(found.limit, 16);
    CHECK_EQ(inf_device_messages(&inf, "J", &found, &error), INF_OK);
    CHECK(!found.supported);
    CHECK_EQ(found.limit, 16); // not said anew
    CHECK_EQ(inf_device_messages(&inf, "K", &found, &error), INF_NOT_A_NUMBER);
}

// The value of the hardware key's `key`\`name`, or a status.
static uint32_t device_value(const char *key, const char *name)
{
    uint32_t value = 0xbad;
    enum inf_status status = inf_device_value(&inf, "I", key, name, &value, &error);
    return status == INF_OK ? value : status == INF_NO_ENTRY ? 0xeeee : 0xffff;
}

TEST(values_of_the_hardware_key)
{
    CHECK_EQ(open_text("[I.NTriscv64]\n[I.NTriscv64.HW]\nAddReg = A, B\n"
                       "[A]\nHKR,,\"Pool\",0x00010001,1\nHKR,,Text,0,7\nHKLM,,Other,0x00010001,3\n"
                       "HKR,Sub\\Key,Pool,0x10001,0x20\n"
                       "[B]\nHKR,,pool,%dword%,5\nHKR,,Bad,0x00010001,x\n"
                       "[Strings]\ndword=\"0x00010001\"\n"),
             INF_OK);
    CHECK_EQ(device_value("", "Pool"), 5); // the last one counts
    CHECK_EQ(device_value("sub\\key", "Pool"), 0x20);
    CHECK_EQ(device_value("", "Text"), 0xeeee);  // no number
    CHECK_EQ(device_value("", "Other"), 0xeeee); // another key
    CHECK_EQ(device_value("", "None"), 0xeeee);
    CHECK_EQ(device_value("", "Bad"), 0xffff);
    CHECK_EQ(error.status, INF_NOT_A_NUMBER);
    CHECK_EQ(error.line, 11);
    CHECK_EQ(open_text("[I]\nAddReg = A\n[A]\nHKR,,\"Pool\",0x00010001,1\n"), INF_OK);
    CHECK_EQ(device_value("", "Pool"), 0xeeee); // that is the driver's key, not the device's
}

TEST(control_codes_of_the_hardware_key)
{
    struct inf_codes codes;
    char text[1024] = "[I]\n[I.HW]\nAddReg=A\n[A]\nHKR,,Codes,0x00010000";
    CHECK_EQ(open_text("[I.NTriscv64]\n[I.NTriscv64.HW]\nAddReg = A\n"
                       "[A]\nHKR,,Codes,0x00010000,\"0x1b0004\",7\nHKR,Sub,Codes,0x00010000,1\n"
                       "HKR,,Codes,0x00010001,2\nHKR,,codes,0x10000,0xffffffff\n"
                       "HKR,,Bad,0x00010000,1,x\nHKR,,Hole,0x00010000,1,,2\n"),
             INF_OK);
    CHECK_EQ(inf_device_codes(&inf, "I", "Codes", &codes, &error), INF_OK);
    CHECK_EQ(codes.count, 3);
    CHECK(codes.code[0] == 0x1b0004 && codes.code[1] == 7 && codes.code[2] == 0xffffffff);
    CHECK_EQ(inf_device_codes(&inf, "I", "None", &codes, &error), INF_OK);
    CHECK_EQ(codes.count, 0);
    CHECK_EQ(inf_device_codes(&inf, "I", "Bad", &codes, &error), INF_NOT_A_NUMBER);
    CHECK_EQ(error.line, 9);
    CHECK_EQ(codes.count, 1);
    CHECK_EQ(inf_device_codes(&inf, "I", "Hole", &codes, &error), INF_NOT_A_NUMBER);
    for (unsigned i = 0; i < INF_CODES_MAX; i++)
        strcat(text, ",5");
    CHECK_EQ(open_text(text), INF_OK);
    CHECK_EQ(inf_device_codes(&inf, "I", "Codes", &codes, &error), INF_OK);
    CHECK_EQ(codes.count, INF_CODES_MAX);
    CHECK_EQ(open_text(strcat(text, ",6")), INF_OK);
    CHECK_EQ(inf_device_codes(&inf, "I", "Codes", &codes, &error), INF_TOO_MANY_CODES);
}
