/* SPDX-License-Identifier: Apache-2.0 */
/* What must not be found anywhere, as lines "NAME HEX" for memory_scan and for a search of files:
 *   secret_markers kek DATABASE PASSPHRASE-FILE          the KEK of a centre with that custody
 *   secret_markers quorum DATABASE (SHARE PASSPHRASE)... the shares' own bytes, their master key,
 * the KEK secret_markers card FILE PASSPHRASE-FILE             the keys that card and centre share
 */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/hex.h"
#include "base/passphrase_file.h"
#include "base/secret.h"
#include "centre/unseal.h"
#include "crypto/custody/custody.h"
#include "crypto/share/custody_quorum.h"
#include "store/store_sqlite.h"
#include "terminal/card_body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(qw_err err, const char *what)
{
    if (err != QW_OK) {
        fprintf(stderr, "%s: %s\n", what, qw_err_text(err));
        exit(1);
    }
}

static void show(const char *name, const uint8_t bytes[static 32])
{
    char text[65];

    qw_hex_encode(bytes, 32, text);
    printf("%s %s\n", name, text);
}

static void load_wrapped(const char *database, struct qw_store_record *record)
{
    struct qw_store store;

    /* not by qw_store_open: the centre may be running */
    must(qw_store_sqlite_open(database, &store), database);
    must(store.get(store.self, QW_STORE_META, qw_kek_id, QW_KEK_ID_LEN, record), "the wrapped KEK");
    qw_store_close(&store);
}

static void show_kek(struct qw_custody *custody, const struct qw_store_record *record)
{
    uint8_t kek[QW_KEK_LEN];

    must(custody->unwrap(custody->self, record->blob, record->len, kek), "unwrapping");
    show("kek", kek);
    qw_custody_close(custody);
}

static void of_passphrase(const char *database, const char *passphrase_path)
{
    struct qw_store_record record = { 0 };
    struct qw_custody custody;

    load_wrapped(database, &record);
    must(qw_custody_passphrase_file(passphrase_path, &custody), passphrase_path);
    show_kek(&custody, &record);
    qw_store_record_free(&record);
}

static void of_quorum(const char *database, char **files, unsigned count)
{
    struct qw_share shares[QW_OFFICERS_MAX];
    struct qw_store_record record = { 0 };
    struct qw_ceremony ceremony;
    struct qw_custody custody;
    uint8_t master[QW_MASTER_KEY_LEN];

    load_wrapped(database, &record);
    must(qw_custody_quorum_ceremony(record.blob, record.len, &ceremony), "ceremony");
    for (unsigned i = 0; i < count && i < QW_OFFICERS_MAX; i++) {
        uint8_t *passphrase, *data;
        size_t passphrase_len, len;

        must(qw_file_read(files[2 * i], QW_SHARE_FILE_LEN, &data, &len), files[2 * i]);
        must(qw_passphrase_file_read(files[2 * i + 1], &passphrase, &passphrase_len), "passphrase");
        must(qw_share_file_open(data, len, passphrase, passphrase_len, &shares[i]), files[2 * i]);
        show("share", shares[i].payload);
        qw_secret_free(passphrase);
        qw_secret_free(data);
    }
    must(qw_ceremony_combine(&ceremony, shares, count, master), "combining");
    show("master", master);
    must(qw_custody_quorum(&ceremony, master, &custody), "custody");
    show_kek(&custody, &record);
    qw_store_record_free(&record);
}

static void of_card(const char *path, const char *passphrase_path)
{
    const struct qw_card_keys *keys;
    struct qw_card *card;
    uint8_t *passphrase;
    size_t len;

    must(qw_passphrase_file_read(passphrase_path, &passphrase, &len), passphrase_path);
    must(qw_card_open(path, passphrase, len, &card), path);
    keys = &card->vault->keys;
    show("card-wrap", keys->wrap);
    show("card-report", keys->report);
    show("card-receipt", keys->receipt);
    show("card-id", keys->id);
    qw_card_close(card);
    qw_secret_free(passphrase);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "kek") == 0) {
        of_passphrase(argv[2], argv[3]);
    } else if (argc >= 7 && argc % 2 == 1 && strcmp(argv[1], "quorum") == 0) {
        of_quorum(argv[2], argv + 3, (unsigned)(argc - 3) / 2);
    } else if (argc == 4 && strcmp(argv[1], "card") == 0) {
        of_card(argv[2], argv[3]);
    } else {
        fprintf(stderr, "usage: secret_markers kek|quorum|card FILE...\n");
        return 2;
    }
    return 0;
}
