/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_SETTINGS_H
#define QWAVED_SETTINGS_H

#include "base/config.h"
#include "base/error.h"
#include "crypto/signature/signature.h"

#include <stddef.h>
#include <stdint.h>

enum {
    SETTINGS_PATH_CAP = 1024,
    SETTINGS_TEXT_CAP = 64,
    SETTINGS_URL_CAP = 192,
    SETTINGS_NAME_CAP = 60,
    SETTINGS_LABEL_CAP = 33,
    SETTINGS_KME_CAP = 32
};
enum settings_custody { CUSTODY_PASSPHRASE_FILE, CUSTODY_TPM2, CUSTODY_PKCS11, CUSTODY_QUORUM };
enum settings_source {
    SOURCE_BEST,
    SOURCE_KERNEL,
    SOURCE_DEVICE,
    SOURCE_QKD,
    SOURCE_KME,
    SOURCE_KME004
};

struct settings {
    char centre_id[SETTINGS_TEXT_CAP];
    char listen_address[SETTINGS_TEXT_CAP];
    int64_t listen_port;
    int etsi004; /* 1: on */
    int64_t etsi004_port;
    int etsi020; /* 1: draft */
    int64_t etsi020_port;
    char etsi020_url[SETTINGS_URL_CAP]; /* "": that port of listen_address */
    int64_t etsi020_wait_ms;
    char partners[SETTINGS_PATH_CAP]; /* a folder; "" when etsi020 is off */
    int public;                       /* 1: on */
    int64_t public_port;
    char public_url[SETTINGS_URL_CAP]; /* how others reach it; "": certificates do not say */
    int skip_psk;                      /* 1: on */
    int64_t skip_psk_port;
    int console_login; /* 1: on */
    int64_t console_login_port;
    int64_t console_idle_s, console_session_s;
    char database[SETTINGS_PATH_CAP];
    char high_mark[SETTINGS_PATH_CAP];       /* "": none */
    int custody;                             /* enum settings_custody */
    char passphrase_file[SETTINGS_PATH_CAP]; /* "" unless that is the custody */
    char tpm2_tcti[SETTINGS_PATH_CAP];
    char tpm2_registers[SETTINGS_TEXT_CAP]; /* "0,7"; "" for none */
    char pkcs11_module[SETTINGS_PATH_CAP];  /* "" unless that is the custody, and so the next two */
    char pkcs11_token[SETTINGS_LABEL_CAP];
    char pkcs11_pin_file[SETTINGS_PATH_CAP];
    char pkcs11_key[SETTINGS_LABEL_CAP];
    int tpm2_measured_register; /* index in settings_measured_registers */
    int64_t share_timeout_s;
    char certificate[SETTINGS_PATH_CAP];
    char key[SETTINGS_PATH_CAP];
    char client_ca[SETTINGS_PATH_CAP];
    char revocation_list[SETTINGS_PATH_CAP]; /* "": none */
    int source;                              /* enum settings_source */
    char source_path[SETTINGS_PATH_CAP];
    int source_kind;                       /* index in settings_source_kinds */
    char source_name[SETTINGS_NAME_CAP];   /* of a link or a key server; else "" */
    char source_partner[SETTINGS_KME_CAP]; /* at the other end of a link or stream; "": none */
    int source_light;                      /* 0: simulated, 1: real */
    char more_sources[SETTINGS_PATH_CAP];  /* file with the list of them; "": none */
    int64_t block_keys, lease_keys;
    int64_t stock_keys;
    int64_t window_ms;
    int64_t key_ttl_s;
    int64_t pool_bytes;
    int journal_signature; /* index in the choices; settings_signature */
    int64_t journal_sign_records, journal_sign_s;
    char syslog[SETTINGS_PATH_CAP]; /* "": none */
    char syslog_cursor[SETTINGS_PATH_CAP];
    int64_t threads;
    int64_t connections_max;
    int64_t connections_per_address_max;
    int64_t sae_keys_per_s, pair_keys_per_s, misses_per_s, requests_per_s; /* 0: no limit */
    int empty_post;                                                        /* 1: refused */
    int key_id_lists;                                                      /* 1: on */
    int dual_control; /* enum qw_dual_control */
    int card_binding; /* 1: required */
    int64_t approval_s;
    int64_t certificate_days;
    int64_t authentication_window_s;
    int64_t idle_timeout_s;
    int64_t request_timeout_ms;
    int log_level;
};
extern const struct qw_config_row settings_rows[];
extern const size_t settings_row_count;
extern const char *const settings_source_kinds[];
extern const char *const settings_measured_registers[];

/* error: file, line and what is allowed. */
qw_err settings_read(const char *path, struct settings *settings,
                     char error[static QW_CONFIG_ERROR_CAP]) QW_MUST_USE;

/* What a source needs is there, and nothing of another. name: of the file or item. QW_ERR_FORMAT.
 */
qw_err settings_source_check(const struct settings *settings, const char *name,
                             char error[static QW_CONFIG_ERROR_CAP]) QW_MUST_USE;
/* The row of a setting that there is. */
const struct qw_config_row *settings_row(const char *name);

/* What the journal is signed by. */
enum qw_signature_algorithm settings_signature(const struct settings *settings);

#endif
