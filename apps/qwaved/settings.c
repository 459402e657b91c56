/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include "base/error.h"
#include "centre/authentication/authentication.h"
#include "centre/centre.h"
#include "centre/seal/seal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

const char *const settings_source_kinds[] = { "qrng", "hwrng", NULL };
const char *const settings_measured_registers[] = { "16", "23", NULL };
static const char *const custodies[] = { "passphrase-file", "tpm2", "pkcs11", "quorum", NULL };
static const char *const sources[] = { "best", "kernel", "device", "qkd", "kme", "kme004", NULL };
static const char *const lights[] = { "simulated", "real", NULL };
static const char *const switches[] = { "off", "on", NULL };
static const char *const empty_posts[] = { "served", "refused", NULL };
static const char *const drafts[] = { "off", "draft", NULL };
static const char *const dual_controls[] = { "off", "destroy", "all", NULL };
static const char *const bindings[] = { "off", "required", NULL };
static const char *const signatures[] = { "p256", "sm2", NULL };
static const char *const log_levels[] = { "error", "warning", "info", "debug", NULL };

_Static_assert((int)SETTINGS_KME_CAP == QW_KME_ID_MAX + 1, "the name of a partner");

#define ROW(kind_of, member, low, high, standard_value, help_text) \
    { \
        .name = #member, .kind = kind_of, .offset = offsetof(struct settings, member), .min = low, \
        .max = high, .standard = standard_value, .help = help_text \
    }
#define CHOICE(member, list, standard_value, help_text) \
    { \
        .name = #member, .kind = QW_CONFIG_CHOICE, .offset = offsetof(struct settings, member), \
        .standard = standard_value, .choices = list, .help = help_text \
    }
const struct qw_config_row settings_rows[] = {
    ROW(QW_CONFIG_TEXT, centre_id, 1, SETTINGS_TEXT_CAP, NULL, "name of this centre"),
    ROW(QW_CONFIG_TEXT, listen_address, 1, SETTINGS_TEXT_CAP, "127.0.0.1", "numeric address"),
    ROW(QW_CONFIG_INT, listen_port, 0, 65535, "8443", "TCP port; 0: the system chooses"),
    CHOICE(etsi004, switches, "off", "key streams by ETSI GS QKD 004 on a port of their own"),
    ROW(QW_CONFIG_INT, etsi004_port, 0, 65535, "25575", "that port; 0: the system chooses"),
    CHOICE(etsi020, drafts, "off",
           "keys for applications of other centres by the draft of ETSI GS QKD 020"),
    ROW(QW_CONFIG_INT, etsi020_port, 0, 65535, "9443", "its port; 0: the system chooses"),
    ROW(QW_CONFIG_TEXT, etsi020_url, 0, SETTINGS_URL_CAP, "",
        "how partners reach that port, https://...; standard: listen_address"),
    ROW(QW_CONFIG_INT, etsi020_wait_ms, 50, 10000, "1000",
        "a master waits so long for partners, in ms"),
    ROW(QW_CONFIG_TEXT, partners, 0, SETTINGS_PATH_CAP, "",
        "folder with a file for each partner; etsi020: draft"),
    CHOICE(public, switches, "off",
           "plain HTTP for what proves itself: OCSP, lists of revocations, enrolment of cards"),
    ROW(QW_CONFIG_INT, public_port, 0, 65535, "8080", "its port; 0: the system chooses"),
    ROW(QW_CONFIG_TEXT, public_url, 0, SETTINGS_URL_CAP, "",
        "how others reach it, http://...: written into certificates"),
    CHOICE(skip_psk, switches, "off", "SKIP for encryptors with pre-shared keys, on its own port"),
    ROW(QW_CONFIG_INT, skip_psk_port, 0, 65535, "8444", "that port; 0: the system chooses"),
    CHOICE(console_login, switches, "off",
           "the console for officers without a certificate, by password and code, on its own port"),
    ROW(QW_CONFIG_INT, console_login_port, 0, 65535, "8445", "that port; 0: the system chooses"),
    ROW(QW_CONFIG_INT, console_idle_s, 1, 86400, "900",
        "who does nothing there for so long is logged out, in s"),
    ROW(QW_CONFIG_INT, console_session_s, 1, 604800, "28800", "and everybody after so long, in s"),
    ROW(QW_CONFIG_TEXT, database, 1, SETTINGS_PATH_CAP, NULL,
        "SQLite file, made when absent, or postgresql://..."),
    ROW(QW_CONFIG_TEXT, high_mark, 0, SETTINGS_PATH_CAP, "",
        "file that notices an older copy of the database, made when absent; never backed up"),
    CHOICE(custody, custodies, "passphrase-file", "who keeps the key that unlocks the store"),
    ROW(QW_CONFIG_TEXT, passphrase_file, 0, SETTINGS_PATH_CAP, "",
        "custody: passphrase-file: its first line; readable by its owner only"),
    ROW(QW_CONFIG_TEXT, tpm2_tcti, 1, SETTINGS_PATH_CAP, "device:/dev/tpmrm0",
        "custody: tpm2: way to the TPM, as tss2 writes it"),
    ROW(QW_CONFIG_TEXT, tpm2_registers, 0, SETTINGS_TEXT_CAP, "0,7",
        "its platform registers that must be as they were, at most 8 of 0..15"),
    CHOICE(tpm2_measured_register, settings_measured_registers, "23",
           "register for the measured program and this file"),
    ROW(QW_CONFIG_TEXT, pkcs11_module, 0, SETTINGS_PATH_CAP, "",
        "custody: pkcs11: shared object of the token's maker"),
    ROW(QW_CONFIG_TEXT, pkcs11_token, 0, SETTINGS_LABEL_CAP, "", "label of the token"),
    ROW(QW_CONFIG_TEXT, pkcs11_pin_file, 0, SETTINGS_PATH_CAP, "",
        "first line is its PIN; readable by its owner only"),
    ROW(QW_CONFIG_TEXT, pkcs11_key, 1, SETTINGS_LABEL_CAP, "qwave",
        "label of the key on it, made when there is none"),
    ROW(QW_CONFIG_INT, share_timeout_s, QW_SEAL_TIMEOUT_S_MIN, QW_SEAL_TIMEOUT_S_MAX, "900",
        "custody: quorum: shares are forgotten when no further one comes so long, in s"),
    ROW(QW_CONFIG_TEXT, certificate, 1, SETTINGS_PATH_CAP, NULL, "server certificate, PEM"),
    ROW(QW_CONFIG_TEXT, key, 1, SETTINGS_PATH_CAP, NULL, "its private key, PEM"),
    ROW(QW_CONFIG_TEXT, client_ca, 1, SETTINGS_PATH_CAP, NULL,
        "authority whose clients may call, PEM"),
    ROW(QW_CONFIG_TEXT, revocation_list, 0, SETTINGS_PATH_CAP, "",
        "certificates it has taken back, PEM; read again when it changes"),
    CHOICE(source, sources, "best", "where keys come from"),
    ROW(QW_CONFIG_TEXT, source_path, 0, SETTINGS_PATH_CAP, "",
        "source: device: character device; qkd: socket for the process of the link; kme, kme004: "
        "file about the key server"),
    CHOICE(source_kind, settings_source_kinds, "qrng", "what that device is"),
    ROW(QW_CONFIG_TEXT, source_name, 0, SETTINGS_NAME_CAP, "", "of the link or the key server"),
    ROW(QW_CONFIG_TEXT, source_partner, 0, SETTINGS_KME_CAP, "",
        "partner at the other end of the link or stream: what goes to it goes under pads of that"),
    CHOICE(source_light, lights, "simulated", "what the light of that link is"),
    ROW(QW_CONFIG_TEXT, more_sources, 0, SETTINGS_PATH_CAP, "",
        "file with a list of further sources, the one that is preferred first"),
    ROW(QW_CONFIG_INT, block_keys, 16, 1024, "128", "keys per sealed block"),
    ROW(QW_CONFIG_INT, lease_keys, 16, 4096, "1024",
        "keys a pair of applications may have leased and not taken yet"),
    ROW(QW_CONFIG_INT, stock_keys, 16, 100000000, "4096", "keep this many keys ready"),
    ROW(QW_CONFIG_INT, window_ms, 0, 3600000, "30000",
        "a repeated dec_keys gets the same bytes so long, in ms"),
    ROW(QW_CONFIG_INT, key_ttl_s, 60, 31536000, "86400",
        "a key of two applications can be fetched so long, in s; at most twice so long"),
    ROW(QW_CONFIG_INT, pool_bytes, 128, 8192, "2048",
        "authentication pool of a full card per direction, in bytes"),
    CHOICE(journal_signature, signatures, "p256",
           "of the journal's head; counts when the journal is begun"),
    ROW(QW_CONFIG_INT, journal_sign_records, 1, 100000, "1000",
        "the head of the journal is signed after so many records"),
    ROW(QW_CONFIG_INT, journal_sign_s, 1, 3600, "10", "or when one has waited so long, in s"),
    ROW(QW_CONFIG_TEXT, syslog, 0, SETTINGS_PATH_CAP, "",
        "collector of the journal: /dev/log, udp://host:port or tcp://host:port"),
    ROW(QW_CONFIG_TEXT, syslog_cursor, 0, SETTINGS_PATH_CAP, "",
        "file that says how far it has come, made when absent"),
    ROW(QW_CONFIG_INT, threads, 1, 64, "8", "that serve requests"),
    ROW(QW_CONFIG_INT, connections_max, 64, 65536, "1024", "open at once"),
    ROW(QW_CONFIG_INT, connections_per_address_max, 1, 65536, "256", "of these from one address"),
    ROW(QW_CONFIG_INT, sae_keys_per_s, 0, QW_QUOTA_KEYS_PER_S_MAX, "0",
        "keys of 256 bits that one application may take, per s; 0: no limit"),
    ROW(QW_CONFIG_INT, pair_keys_per_s, 0, QW_QUOTA_KEYS_PER_S_MAX, "0",
        "of these for one slave, per s; 0: no limit"),
    ROW(QW_CONFIG_INT, misses_per_s, 0, 1000000, "10",
        "wrong key ids of one application that are looked up, per s; 0: no limit"),
    ROW(QW_CONFIG_INT, requests_per_s, 0, 1000000, "0",
        "requests of one caller, per s; 0: no limit"),
    CHOICE(empty_post, empty_posts, "served",
           "POST enc_keys that asks for nothing: one key, or 400"),
    CHOICE(key_id_lists, switches, "on",
           "GET dec_keys with several ids, which the standard has not"),
    CHOICE(dual_control, dual_controls, "off", "what needs two officers"),
    CHOICE(card_binding, bindings, "off", "whether a terminal's card needs a user"),
    ROW(QW_CONFIG_INT, approval_s, 1, 604800, "900",
        "a request waits so long for the second officer, in s"),
    ROW(QW_CONFIG_INT, certificate_days, 1, 90, "30",
        "life of a certificate that the centre issues, in days"),
    ROW(QW_CONFIG_INT, authentication_window_s, 1, QW_AUTH_WINDOW_S_MAX, "30",
        "clocks of those who authenticate differ by at most so much, in s"),
    ROW(QW_CONFIG_INT, idle_timeout_s, 1, 3600, "60", "then an idle connection is closed, in s"),
    ROW(QW_CONFIG_INT, request_timeout_ms, 100, 600000, "10000",
        "for a request to come in and for its answer to be taken, in ms"),
    CHOICE(log_level, log_levels, "info", "least important line that is written"),
};
const size_t settings_row_count = sizeof settings_rows / sizeof settings_rows[0];

/* What a custody needs is there, and nothing of another. */
static bool custody_is_whole(const struct settings *s)
{
    bool wants_token = s->custody == CUSTODY_PKCS11;

    return (s->custody == CUSTODY_PASSPHRASE_FILE) == (s->passphrase_file[0] != '\0') &&
           wants_token == (s->pkcs11_module[0] != '\0') &&
           wants_token == (s->pkcs11_token[0] != '\0') &&
           wants_token == (s->pkcs11_pin_file[0] != '\0');
}

qw_err settings_source_check(const struct settings *settings, const char *name,
                             char error[static QW_CONFIG_ERROR_CAP])
{
    if ((settings->source >= SOURCE_DEVICE) != (settings->source_path[0] != '\0')) {
        snprintf(
            error, QW_CONFIG_ERROR_CAP,
            "%s: source_path goes with source: device, qkd, kme or kme004, and with nothing else",
            name);
        return QW_ERR_FORMAT;
    }
    if ((settings->source >= SOURCE_QKD) != (settings->source_name[0] != '\0')) {
        snprintf(error, QW_CONFIG_ERROR_CAP,
                 "%s: source_name goes with source: qkd, kme or kme004, and with nothing else",
                 name);
        return QW_ERR_FORMAT;
    }
    return QW_OK;
}

const struct qw_config_row *settings_row(const char *name)
{
    size_t i = 0;

    while (i < settings_row_count && strcmp(settings_rows[i].name, name) != 0) {
        i++;
    }
    qw_assert(i < settings_row_count);
    return &settings_rows[i];
}

qw_err settings_read(const char *path, struct settings *settings,
                     char error[static QW_CONFIG_ERROR_CAP])
{
    struct settings s = { 0 };
    qw_err err = qw_config_read(path, settings_rows, settings_row_count, &s, error);

    if (err != QW_OK) {
        return err;
    }
    if (!custody_is_whole(&s)) {
        snprintf(error, QW_CONFIG_ERROR_CAP,
                 "%s: passphrase_file goes with custody: passphrase-file, and pkcs11_module, "
                 "pkcs11_token and pkcs11_pin_file with custody: pkcs11; both with nothing else",
                 path);
        return QW_ERR_FORMAT;
    }
    err = settings_source_check(&s, path, error);
    if (err != QW_OK) {
        return err;
    }
    if (s.source_partner[0] != '\0' &&
        ((s.source != SOURCE_QKD && s.source != SOURCE_KME004) || s.etsi020 == 0)) {
        snprintf(error, QW_CONFIG_ERROR_CAP,
                 "%s: source_partner goes with source: qkd or kme004 and etsi020: draft, and with "
                 "nothing else",
                 path);
        return QW_ERR_FORMAT;
    }
    if (s.more_sources[0] != '\0' && s.source == SOURCE_KME004 && s.source_partner[0] != '\0') {
        snprintf(error, QW_CONFIG_ERROR_CAP,
                 "%s: more_sources does not go with source_partner of source: kme004", path);
        return QW_ERR_FORMAT;
    }
    if ((s.etsi020 != 0) != (s.partners[0] != '\0')) {
        snprintf(error, QW_CONFIG_ERROR_CAP,
                 "%s: partners goes with etsi020: draft, and with nothing else", path);
        return QW_ERR_FORMAT;
    }
    if ((s.syslog[0] != '\0') != (s.syslog_cursor[0] != '\0')) {
        snprintf(error, QW_CONFIG_ERROR_CAP, "%s: syslog and syslog_cursor go together", path);
        return QW_ERR_FORMAT;
    }
    *settings = s;
    return QW_OK;
}

enum qw_signature_algorithm settings_signature(const struct settings *settings)
{
    static const enum qw_signature_algorithm algorithms[] = { QW_SIGNATURE_P256, QW_SIGNATURE_SM2 };

    _Static_assert(sizeof algorithms / sizeof algorithms[0] + 1 ==
                       sizeof signatures / sizeof signatures[0],
                   "one for each choice");
    return algorithms[settings->journal_signature];
}
