/* SPDX-License-Identifier: Apache-2.0 */
#define _XOPEN_SOURCE 700
#include "centre_folder.h"

#include "api/certificate.h"
#include "base/base64.h"
#include "base/file.h"
#include "base/passphrase_file.h"
#include "base/secret.h"
#include "centre/certificate/certificate.h"
#include "centre/people/officer.h"
#include "centre_certificates.h"
#include "child.h"
#include "crypto/key_source.h"
#include "crypto/random.h"
#include "crypto/share/custody_quorum.h"
#include "custody/officers.h"
#include "program/file_hash.h"
#include "qwaved/custody_choice.h"
#include "qwaved/settings.h"
#include "recovery.h"
#include "store/store_open.h"
#include "store/store_postgres.h"
#include "terminal/card.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void explain(char *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void explain(char *error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(error, CENTRE_FOLDER_ERROR_CAP, format, arguments);
    va_end(arguments);
}

/* folder/name; a path that does not fit is cut and then refused by whoever opens it. */
struct path {
    char text[PATH_MAX];
};

static struct path in(const struct centre_folder_config *config, const char *name)
{
    struct path path;

    if ((size_t)snprintf(path.text, sizeof path.text, "%s/%s", config->folder, name) >=
        sizeof path.text) {
        path.text[0] = '\0';
    }
    return path;
}

qw_err passphrase_file_create(const char *path)
{
    uint8_t random[32];
    char text[QW_BASE64_LEN(sizeof random) + 2];
    qw_err err = qw_random_bytes(random, sizeof random);

    if (err == QW_OK) {
        qw_base64_encode(random, sizeof random, text);
        text[QW_BASE64_LEN(sizeof random)] = '\n';
        err = qw_file_create(path, (const uint8_t *)text, QW_BASE64_LEN(sizeof random) + 1);
    }
    qw_wipe(random, sizeof random);
    qw_wipe(text, sizeof text);
    return err;
}

static qw_err make_folders(const struct centre_folder_config *config, char *error)
{
    static const char *const names[] = { ".", "ca", "tls", "operator", "officers" };
    DIR *there = opendir(config->folder);

    if (there != NULL) {
        size_t entries = 0;

        while (readdir(there) != NULL) {
            entries++;
        }
        closedir(there);
        if (entries > 2) {
            explain(error, "%s is not empty", config->folder);
            return QW_ERR_CONFLICT;
        }
    } else if (mkdir(config->folder, 0700) != 0) {
        explain(error, "%s: %s", config->folder, strerror(errno));
        return QW_ERR_IO;
    }
    for (size_t i = 1; i < sizeof names / sizeof names[0]; i++) {
        if (mkdir(in(config, names[i]).text, 0700) != 0) {
            explain(error, "%s/%s: %s", config->folder, names[i], strerror(errno));
            return QW_ERR_IO;
        }
    }
    return QW_OK;
}

static qw_err write_text(const char *path, char *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static qw_err write_text(const char *path, char *error, const char *format, ...)
{
    char text[8 * PATH_MAX];
    va_list arguments;
    int len;
    qw_err err;

    va_start(arguments, format);
    len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    err = len > 0 && (size_t)len < sizeof text
              ? qw_file_create(path, (const uint8_t *)text, (size_t)len)
              : QW_ERR_SPACE;
    if (err != QW_OK) {
        explain(error, "%s: %s", path, qw_err_text(err));
    }
    return err;
}

static qw_err write_administrators(const struct centre_folder_config *config, const char *folder,
                                   char *error)
{
    qw_err err = QW_OK;

    for (size_t i = 0; i < CENTRE_ADMINISTRATORS && err == QW_OK; i++) {
        const char *name = centre_administrators[i].name;
        char file[32];

        snprintf(file, sizeof file, "officers/%s.yaml", name);
        err = write_text(in(config, file).text, error,
                         "# The first %s administrator of %s.\n"
                         "url: https://%s:%u\n"
                         "certificate: %s/officers/%s.pem\n"
                         "key: %s/officers/%s.key\n"
                         "ca: %s/ca/ca.pem\n",
                         name, config->centre_id, config->address, config->port, folder, name,
                         folder, name, folder);
    }
    return err;
}

static const char *signature_of(const struct centre_folder_config *config)
{
    return config->signature != NULL ? config->signature : "p256";
}

static qw_err write_settings(const struct centre_folder_config *config, char *error)
{
    const char *custody = config->officers > 0 ? "custody: quorum\n" : config->custody;
    char folder[PATH_MAX];
    qw_err err;

    if (config->place != NULL) {
        (void)snprintf(folder, sizeof folder, "%s", config->place);
    } else if (realpath(config->folder, folder) == NULL) {
        explain(error, "%s: %s", config->folder, strerror(errno));
        return QW_ERR_IO;
    }
    err = write_text(in(config, "qwaved.yaml").text, error,
                     "# Key service centre %s. `man qwaved` explains every setting; `qwaved "
                     "--check` tries the file.\n"
                     "centre_id: %s\n"
                     "listen_address: %s\n"
                     "listen_port: %u\n"
                     "database: %s%s\n"
                     "high_mark: %s/centre.mark\n"
                     "%s%s%s"
                     "certificate: %s/tls/centre.pem\n"
                     "key: %s/tls/centre.key\n"
                     "client_ca: %s/ca/ca.pem\n"
                     "revocation_list: %s/ca/revoked.pem\n"
                     "source: %s\n"
                     "dual_control: %s\n"
                     "journal_signature: %s\n",
                     config->centre_id, config->centre_id, config->address, config->port,
                     config->database != NULL ? "" : folder,
                     config->database != NULL ? config->database : "/centre.db", folder,
                     custody != NULL ? custody : "passphrase_file: ", custody != NULL ? "" : folder,
                     custody != NULL ? "" : "/passphrase\n", folder, folder, folder, folder,
                     config->source, config->dual_control ? "all" : "off", signature_of(config));
    if (err == QW_OK) {
        err = write_administrators(config, folder, error);
    }
    if (err != QW_OK) {
        return err;
    }
    return write_text(in(config, "operator/operator.yaml").text, error,
                      "# The first operator and charging station of %s.\n"
                      "url: https://%s:%u\n"
                      "certificate: %s/operator/operator.pem\n"
                      "key: %s/operator/operator.key\n"
                      "ca: %s/ca/ca.pem\n"
                      "station: station-1\n"
                      "station_card: %s/operator/station.card\n"
                      "station_passphrase_file: %s/operator/station.passphrase\n",
                      config->centre_id, config->address, config->port, folder, folder, folder,
                      folder, folder);
}

static const struct qw_caller first_operator = { .role = QW_ROLE_OPERATOR, .id = "operator-1" };

/* The first operator adds them, and so becomes the founder in the records. */
static qw_err add_administrators(struct qw_centre *centre)
{
    qw_err err = QW_OK;

    for (size_t i = 0; i < CENTRE_ADMINISTRATORS && err == QW_OK; i++) {
        err = qw_centre_officer_add(centre, &first_operator, centre_administrators[i].id,
                                    (enum qw_officer_role)centre_administrators[i].role,
                                    QW_UNIT_ROOT);
    }
    return err;
}

/* The first station's card is born on the centre's own machine, before anything listens. */
static qw_err make_station_card(const struct centre_folder_config *config, struct qw_centre *centre)
{
    struct qw_package birth = { .kind = QW_PACKAGE_BIRTH };
    uint8_t *passphrase = NULL;
    size_t passphrase_len = 0;
    struct path file = in(config, "operator/station.passphrase");
    qw_err err = passphrase_file_create(file.text);

    if (err == QW_OK) {
        err = qw_passphrase_file_read(file.text, &passphrase, &passphrase_len);
    }
    if (err == QW_OK) {
        err = qw_centre_station_birth(centre, &first_operator, "station-1", &birth);
    }
    if (err == QW_OK) {
        err = qw_card_create(in(config, "operator/station.card").text, passphrase, passphrase_len,
                             &birth);
        qw_package_wipe(&birth);
    }
    qw_secret_free(passphrase);
    return err;
}

/* The custody that the settings of the folder name, with what it needs in the folder. */
static qw_err make_custody(const struct centre_folder_config *config, struct qw_custody *custody,
                           char *error)
{
    struct path path = in(config, "qwaved.yaml");
    char binary[PATH_MAX];
    struct custody_surroundings around = { .settings_path = path.text, .binary = binary };
    struct settings settings;
    uint8_t *recovery = NULL;
    qw_err err = settings_read(path.text, &settings, error);

    if (err == QW_OK && settings.custody == CUSTODY_QUORUM && config->held != NULL) {
        return qw_custody_quorum(config->held, config->master, custody);
    }
    if (err == QW_OK && settings.custody == CUSTODY_QUORUM) {
        return officers_hold(config, custody, error);
    }
    if (err == QW_OK) {
        err = child_program_find("qwaved", binary, sizeof binary);
    }
    if (err == QW_OK && settings.custody == CUSTODY_PASSPHRASE_FILE) {
        /* Where it is now, and not where it will be. */
        err = (size_t)snprintf(settings.passphrase_file, sizeof settings.passphrase_file, "%s",
                               in(config, "passphrase").text) < sizeof settings.passphrase_file
                  ? passphrase_file_create(settings.passphrase_file)
                  : QW_ERR_SPACE;
    }
    if (err == QW_OK && settings.custody == CUSTODY_TPM2) {
        err = recovery_create(in(config, "recovery").text, &recovery);
        around.recovery = recovery;
    }
    if (err == QW_OK) {
        err = custody_choice_open(&settings, &around, custody, error);
    }
    qw_secret_free(recovery);
    return err;
}

static qw_err open_books(const struct centre_folder_config *config, struct qw_store *store)
{
    if (config->founding != NULL) {
        return qw_store_postgres_found(config->database, config->founding, store);
    }
    return qw_store_open(config->database != NULL ? config->database : in(config, "centre.db").text,
                         NULL, store);
}

static qw_err make_centre(const struct centre_folder_config *config, char *error)
{
    struct qw_custody custody = { 0 };
    struct qw_key_source source = { 0 };
    struct qw_store store = { 0 };
    struct qw_centre *centre = NULL;
    struct qw_centre_config settings = { .store = &store,
                                         .custody = &custody,
                                         .source = &source,
                                         .stock_keys = 256,
                                         .window_ms = 30000,
                                         .pool_bytes = 2048,
                                         .certificate_days = QW_CERTIFICATE_LEAF_DAYS,
                                         .journal_signature =
                                             qw_signature_by_name(signature_of(config)) };
    qw_err err = make_custody(config, &custody, error);

    snprintf(settings.centre_id, sizeof settings.centre_id, "%s", config->centre_id);
    if (err == QW_OK) {
        err = qw_file_hash(in(config, "qwaved.yaml").text, settings.configuration_hash);
    }
    if (err == QW_OK) {
        err = strcmp(config->source, "kernel") == 0 ? qw_key_source_kernel(&source)
                                                    : qw_key_source_best(&source);
    }
    if (err == QW_OK) {
        err = open_books(config, &store);
    }
    if (err == QW_OK) {
        err = qw_centre_new(&settings, &centre);
        explain(error, "%s", err == QW_OK ? "" : qw_custody_why(&custody));
    }
    if (err == QW_OK) {
        err = qw_centre_ingest(centre);
    }
    if (err == QW_OK) {
        err = centre_certificates_create(config, &first_operator, centre, error);
    }
    if (err == QW_OK) {
        err = add_administrators(centre);
    }
    if (err == QW_OK) {
        err = make_station_card(config, centre);
    }
    qw_centre_free(centre);
    if (err == QW_OK && config->record != NULL) {
        err = config->record(config->self, &store);
    }
    qw_store_close(&store);
    qw_key_source_close(&source);
    qw_custody_close(&custody);
    if (err != QW_OK && error[0] == '\0') {
        explain(error, "the centre's books: %s", qw_err_text(err));
    }
    return err;
}

static bool id_is_fine(const char *id)
{
    size_t len = strlen(id);

    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)id[i]) && id[i] != '-') {
            return false;
        }
    }
    return len >= 1 && len <= 40;
}

qw_err centre_folder_create(const struct centre_folder_config *wanted,
                            char error[static CENTRE_FOLDER_ERROR_CAP])
{
    struct centre_folder_config completed = *wanted;
    const struct centre_folder_config *config = &completed;
    qw_err err;

    if (completed.profiles == 0) {
        completed.profiles = 1U << QW_CERTIFICATE_P256;
    }
    error[0] = '\0';
    if (!id_is_fine(config->centre_id)) {
        explain(error, "a centre's id is 1..40 letters, digits and '-', not '%s'",
                config->centre_id);
        return QW_ERR_ARG;
    }
    err = make_folders(config, error);
    if (err == QW_OK) {
        err = write_settings(config, error);
    }
    if (err == QW_OK) {
        err = make_centre(config, error);
    }
    return err;
}
