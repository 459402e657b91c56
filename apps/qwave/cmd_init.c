/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include "api/certificate/profile.h"
#include "centre_folder.h"
#include "centre_staging.h"
#include "crypto/share/share.h"
#include "crypto/signature/signature.h"
#include "radio_options.h"
#include "setup/setup_page.h"
#include "store/store_postgres.h"

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* qwave init: the folder of a new key service centre, with its first officers [C6]. */

struct arguments {
    struct centre_folder_config config;
    const char *custody, *tpm2_tcti, *tpm2_registers;
    const char *pkcs11_module, *pkcs11_token, *pkcs11_pin_file; /* NULL: not given */
    const char *passphrases[QW_OFFICERS_MAX];
    size_t passphrase_count;
    bool as_json;
    bool has_page;
    struct setup_page_config page;
};

enum {
    OPTION_QUORUM = 256,
    OPTION_TPM2_TCTI,
    OPTION_TPM2_REGISTERS,
    OPTION_MODULE,
    OPTION_TOKEN,
    OPTION_PIN_FILE,
    OPTION_CERTIFICATES,
    OPTION_PAGE,
    OPTION_PAGE_ADDRESS,
    OPTION_PAGE_PORT,
    OPTION_PAGE_IDLE
};

static const struct argp_option options[] = {
    { "id", 'i', "ID", 0, "of the centre (default: centre-1)", 0 },
    { "address", 'a', "IP", 0, "numeric address it will listen on (default: 127.0.0.1)", 0 },
    { "port", 'p', "PORT", 0, "and port (default: 8443)", 0 },
    { "source", 's', "NAME", 0,
      "where quantum keys come from: best (a QRNG device, else /dev/hwrng, else the kernel) or "
      "kernel (default: best)",
      0 },
    { "database", 'd', "URI", 0,
      "postgresql://... in which the centre's books are begun (default: an SQLite file in FOLDER)",
      0 },
    { "dual-control", 'D', NULL, 0,
      "no device is destroyed and no officer added by one officer alone: another one has to "
      "approve",
      0 },
    { "custody", 'c', "NAME", 0,
      "who keeps the key that unlocks the store: passphrase-file, tpm2 or pkcs11 "
      "(default: passphrase-file)",
      0 },
    { "tpm2-tcti", OPTION_TPM2_TCTI, "TEXT", 0,
      "way to the TPM (default: device:/dev/tpmrm0, its resource manager)", 0 },
    { "tpm2-registers", OPTION_TPM2_REGISTERS, "LIST", 0,
      "its platform registers that must stay as they are, at most 8 of 0..15 (default: 0,7)", 0 },
    { "pkcs11-module", OPTION_MODULE, "FILE", 0, "shared object of the token's maker", 0 },
    { "pkcs11-token", OPTION_TOKEN, "LABEL", 0, "label of the token", 0 },
    { "pkcs11-pin-file", OPTION_PIN_FILE, "FILE", 0,
      "its PIN is the first line; absolute, readable by its owner only", 0 },
    { "journal-signature", 'g', "NAME", 0,
      "algorithm that signs the journal: p256 or sm2 (default: p256)", 0 },
    { "certificates", OPTION_CERTIFICATES, "NAME,...", 0,
      "kinds of certificates that the centre issues: p256, ed25519, sm2; one of the first two is "
      "for its own TLS (default: p256)",
      0 },
    { "officers", 'o', "N", 0,
      "the master key goes in shares to so many officers, 2 to 16 (default: a passphrase file)",
      0 },
    { "quorum", OPTION_QUORUM, "T", 0, "so many of them open the centre (default: more than half)",
      0 },
    { "officer-passphrase-file", 'f', "FILE", 0,
      "of the next officer; once for each, first line, 12 to 1024 bytes (without any: typed at the "
      "terminal)",
      0 },
    { "page", OPTION_PAGE, NULL, 0,
      "asks for id, custody, officers and dual control on a page for a browser, and gives each "
      "officer his share there; the other options are its first answers",
      0 },
    { "page-address", OPTION_PAGE_ADDRESS, "IP", 0,
      "numeric address of that page (default: 127.0.0.1)", 0 },
    { "page-port", OPTION_PAGE_PORT, "PORT", 0, "and port (default: 8446; 0: any)", 0 },
    { "page-idle", OPTION_PAGE_IDLE, "SECONDS", 0, "without a step, and it is over (default: 900)",
      0 },
    { "json", 'j', NULL, 0, "one JSON object on standard output", 0 },
    { 0 },
};

static void check_officers(struct arguments *arguments, struct argp_state *state)
{
    struct centre_folder_config *config = &arguments->config;

    if (config->officers > 0 && strcmp(arguments->custody, "passphrase-file") != 0) {
        argp_error(state, "--officers or --custody, not both");
    }
    if (arguments->passphrase_count != config->officers && arguments->passphrase_count != 0) {
        argp_error(state,
                   "--officer-passphrase-file once for each of --officers, %u times, or never",
                   config->officers);
    }
    if (config->officers > 0 && config->quorum == 0) {
        config->quorum = config->officers / 2 + 1;
    }
    if (config->quorum > config->officers) {
        argp_error(state, "--quorum %u is more than --officers %u", config->quorum,
                   config->officers);
    }
    config->officer_passphrases = arguments->passphrase_count > 0 ? arguments->passphrases : NULL;
}

static void check_page(struct arguments *arguments, struct argp_state *state)
{
    if (arguments->has_page && arguments->config.database != NULL) {
        argp_error(state, "--page begins the books in the folder: not with --database");
    }
    if (arguments->has_page && arguments->passphrase_count > 0) {
        argp_error(state, "with --page each officer types his passphrase in the browser: no "
                          "--officer-passphrase-file");
    }
}

/* "p256,sm2" to bits. */
static unsigned profiles_of(const char *list, struct argp_state *state)
{
    unsigned profiles = 0;
    bool has_tls = false;

    while (list[0] != '\0') {
        char name[16] = "";
        size_t len = strcspn(list, ",");
        enum qw_certificate_profile profile;

        (void)snprintf(name, sizeof name, "%.*s", (int)(len < 15 ? len : 15), list);
        profile = qw_certificate_profile_by_name(name);
        if (profile == QW_CERTIFICATE_PROFILE_COUNT) {
            argp_error(state, "--certificates is p256, ed25519 and sm2, not '%s'", name);
            return 0;
        }
        profiles |= 1U << profile;
        has_tls = has_tls || qw_certificate_profile_has_tls(profile);
        list += len + (list[len] == ',' ? 1 : 0);
    }
    if (!has_tls) {
        argp_error(state, "--certificates needs p256 or ed25519 for the centre's own TLS");
    }
    return profiles;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    unsigned long long number = 0;

    switch (key) {
    case 'i':
        arguments->config.centre_id = value;
        return 0;
    case 'a':
        arguments->config.address = value;
        return 0;
    case 'p':
        if (!radio_parse_number(value, 65535, &number)) {
            argp_error(state, "--port is 0..65535, not '%s'", value);
        }
        arguments->config.port = (uint16_t)number;
        return 0;
    case 's':
        if (strcmp(value, "best") != 0 && strcmp(value, "kernel") != 0) {
            argp_error(state, "--source is best or kernel, not '%s'", value);
        }
        arguments->config.source = value;
        return 0;
    case 'd':
        if (!qw_store_postgres_is_uri(value)) {
            argp_error(state, "--database begins with postgresql://");
        }
        arguments->config.database = value;
        return 0;
    case 'D':
        arguments->config.dual_control = true;
        return 0;
    case 'c':
        if (strcmp(value, "passphrase-file") != 0 && strcmp(value, "tpm2") != 0 &&
            strcmp(value, "pkcs11") != 0) {
            argp_error(state, "--custody is passphrase-file, tpm2 or pkcs11, not '%s'", value);
        }
        arguments->custody = value;
        return 0;
    case OPTION_TPM2_TCTI:
        arguments->tpm2_tcti = value;
        return 0;
    case OPTION_TPM2_REGISTERS:
        arguments->tpm2_registers = value;
        return 0;
    case OPTION_MODULE:
        arguments->pkcs11_module = value;
        return 0;
    case OPTION_TOKEN:
        arguments->pkcs11_token = value;
        return 0;
    case OPTION_PIN_FILE:
        arguments->pkcs11_pin_file = value;
        return 0;
    case 'g':
        if (qw_signature_by_name(value) == QW_SIGNATURE_NONE) {
            argp_error(state, "--journal-signature is p256 or sm2, not '%s'", value);
        }
        arguments->config.signature = value;
        return 0;
    case 'o':
        if (!radio_parse_number(value, QW_OFFICERS_MAX, &number) || number < 2) {
            argp_error(state, "--officers is 2..%d, not '%s'", QW_OFFICERS_MAX, value);
        }
        arguments->config.officers = (unsigned)number;
        return 0;
    case OPTION_CERTIFICATES:
        arguments->config.profiles = profiles_of(value, state);
        return 0;
    case OPTION_QUORUM:
        if (!radio_parse_number(value, QW_OFFICERS_MAX, &number) || number < 2) {
            argp_error(state, "--quorum is 2..%d, not '%s'", QW_OFFICERS_MAX, value);
        }
        arguments->config.quorum = (unsigned)number;
        return 0;
    case 'f':
        if (arguments->passphrase_count == QW_OFFICERS_MAX) {
            argp_error(state, "at most %d officers", QW_OFFICERS_MAX);
        } else {
            arguments->passphrases[arguments->passphrase_count++] = value;
        }
        return 0;
    case OPTION_PAGE:
        arguments->has_page = true;
        return 0;
    case OPTION_PAGE_ADDRESS:
        arguments->page.address = value;
        return 0;
    case OPTION_PAGE_PORT:
        if (!radio_parse_number(value, 65535, &number)) {
            argp_error(state, "--page-port is 0..65535, not '%s'", value);
        }
        arguments->page.port = (uint16_t)number;
        return 0;
    case OPTION_PAGE_IDLE:
        if (!radio_parse_number(value, SETUP_PAGE_IDLE_S_MAX, &number) ||
            number < SETUP_PAGE_IDLE_S_MIN) {
            argp_error(state, "--page-idle is %d..%d, not '%s'", SETUP_PAGE_IDLE_S_MIN,
                       SETUP_PAGE_IDLE_S_MAX, value);
        }
        arguments->page.idle_s = (unsigned)number;
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->config.folder != NULL) {
            argp_error(state, "one folder only");
        }
        arguments->config.folder = value;
        return 0;
    case ARGP_KEY_END:
        if (arguments->config.folder == NULL) {
            argp_error(state, "name the folder to make");
        }
        if (strcmp(arguments->custody, "pkcs11") == 0 &&
            (arguments->pkcs11_module == NULL || arguments->pkcs11_token == NULL ||
             arguments->pkcs11_pin_file == NULL)) {
            argp_error(state, "--custody pkcs11 wants --pkcs11-module, --pkcs11-token and "
                              "--pkcs11-pin-file");
        }
        check_officers(arguments, state);
        check_page(arguments, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

enum { LINES_CAP = 4096 };

/* Lines of the settings, for a custody that is not the standard one. */
static const char *custody_lines(const struct arguments *arguments, const char *custody,
                                 char text[static LINES_CAP])
{
    if (strcmp(custody, "tpm2") == 0) {
        snprintf(text, LINES_CAP, "custody: tpm2\ntpm2_tcti: %s\ntpm2_registers: %s\n",
                 arguments->tpm2_tcti, arguments->tpm2_registers);
    } else if (strcmp(custody, "pkcs11") == 0) {
        snprintf(text, LINES_CAP,
                 "custody: pkcs11\npkcs11_module: %s\npkcs11_token: %s\npkcs11_pin_file: %s\n",
                 arguments->pkcs11_module, arguments->pkcs11_token, arguments->pkcs11_pin_file);
    } else {
        return NULL;
    }
    return text;
}

/* A page offers a TPM where there is one, and a token that the command line names: which module is
 * loaded into the process is nobody's choice who comes over the network. */
static qw_err run_page(struct arguments *arguments, char error[static CENTRE_FOLDER_ERROR_CAP])
{
    struct setup_page_config *page = &arguments->page;
    char tpm2[LINES_CAP], pkcs11[LINES_CAP];
    bool is_tpm2 = strcmp(arguments->custody, "tpm2") == 0;
    bool has_token = arguments->pkcs11_module != NULL && arguments->pkcs11_token != NULL &&
                     arguments->pkcs11_pin_file != NULL;

    page->centre = &arguments->config;
    page->offered = 1U << SETUP_PASSPHRASE_FILE | 1U << SETUP_QUORUM;
    page->custody = arguments->config.officers > 0 ? SETUP_QUORUM : SETUP_PASSPHRASE_FILE;
    if (is_tpm2 || access("/dev/tpmrm0", F_OK) == 0) {
        page->offered |= 1U << SETUP_TPM2;
        page->custody_lines[SETUP_TPM2] = custody_lines(arguments, "tpm2", tpm2);
    }
    if (has_token) {
        page->offered |= 1U << SETUP_PKCS11;
        page->custody_lines[SETUP_PKCS11] = custody_lines(arguments, "pkcs11", pkcs11);
    }
    if (is_tpm2 || strcmp(arguments->custody, "pkcs11") == 0) {
        page->custody = is_tpm2 ? SETUP_TPM2 : SETUP_PKCS11;
    }
    return setup_page_run(page, error);
}

/* Beside its place first: after an error, a signal or a kill there is no half of a centre. */
static qw_err run_here(const struct arguments *arguments,
                       char error[static CENTRE_FOLDER_ERROR_CAP])
{
    struct centre_staging staging;
    qw_err err = centre_staging_open(arguments->config.folder, &staging, error);

    if (err == QW_OK) {
        err = centre_staging_create(&staging, &arguments->config, error);
        centre_staging_close(&staging);
    } else if (arguments->config.database != NULL &&
               strcmp(staging.finished, arguments->config.database) == 0) {
        fprintf(stderr, "qwave init: %s\n", error); /* what was asked for, by the earlier one */
        err = QW_OK;
    }
    return err;
}

static void say_next(const struct arguments *arguments)
{
    const char *folder = arguments->config.folder;

    printf("made %s\n", folder);
    if (arguments->config.officers > 0 && !arguments->has_page) {
        printf("give each officer his folder of %s/shares, and delete it here; any %u of the %u "
               "open the centre\n",
               folder, arguments->config.quorum, arguments->config.officers);
    }
    printf("start the centre:  qwaved --config %s/qwaved.yaml\n", folder);
    if (strcmp(arguments->custody, "tpm2") == 0 && !arguments->has_page) {
        printf("carry away:        %s/recovery, which unlocks the centre when the machine has "
               "changed\n",
               folder);
    }
    printf("then work with it: qwave admin --operator %s/operator/operator.yaml status\n", folder);
}

int cmd_init(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "FOLDER",
        "Makes the folder of a new key service centre: settings, master passphrase (unless a TPM "
        "or token keeps the key), certificate authority, the first operator and the first charging "
        "station with its card.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { .config = { .centre_id = "centre-1",
                                               .address = "127.0.0.1",
                                               .port = 8443,
                                               .source = "best" },
                                   .custody = "passphrase-file",
                                   .tpm2_tcti = "device:/dev/tpmrm0",
                                   .tpm2_registers = "0,7",
                                   .page = {
                                       .address = "127.0.0.1", .port = 8446, .idle_s = 900 } };
    char lines[LINES_CAP];
    char error[CENTRE_FOLDER_ERROR_CAP] = "";
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    arguments.config.custody = custody_lines(&arguments, arguments.custody, lines);
    err = arguments.has_page ? run_page(&arguments, error) : run_here(&arguments, error);
    if (err != QW_OK) {
        fprintf(stderr, "qwave init: %s\n", error[0] != '\0' ? error : qw_err_text(err));
        return qw_exit_of_command(err);
    }
    if (arguments.as_json) {
        printf("{\"folder\":\"%s\",\"settings\":\"%s/qwaved.yaml\",\"operator\":\"%s/operator/"
               "operator.yaml\"}\n",
               arguments.config.folder, arguments.config.folder, arguments.config.folder);
        return EXIT_DONE;
    }
    say_next(&arguments);
    return EXIT_DONE;
}
