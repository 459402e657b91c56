/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W14 C3 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/custody/custody.h"

#include "support/fail_nth.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOFTHSM "/usr/lib/softhsm/libsofthsm2.so"
enum { WRAPPED_LEN = 78 };

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(qw_err, qw_random_bytes, QW_ERR_IO, (void *out, size_t len), (out, len));

static char folder[] = "/tmp/qwave-token-XXXXXX";
static char pin_file[64], other_pin_file[64];
static const uint8_t kek[QW_KEK_LEN] = "thirty-two bytes of key material";
static int *shim_fail_nth;
static CK_RV *shim_login_answer;

struct wrapped {
    uint8_t bytes[QW_WRAPPED_KEK_CAP];
    size_t len;
};

static void write_file(const char *path, const char *text, mode_t mode)
{
    int fd;

    unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void make_token(const char *label)
{
    char command[256];

    snprintf(command, sizeof command,
             "softhsm2-util --init-token --free --label '%s' --so-pin 12345678 --pin 654321 "
             ">/dev/null 2>&1",
             label);
    assert_int_equal(system(command), 0);
}

static struct qw_custody open_custody(const char *module, const char *token, const char *key,
                                      const char *pin)
{
    const struct qw_custody_pkcs11_config config = {
        .module = module, .token = token, .key = key, .pin_file = pin
    };
    struct qw_custody custody;

    assert_int_equal(qw_custody_pkcs11(&config, &custody), QW_OK);
    return custody;
}

static struct qw_custody standard(void)
{
    return open_custody(SOFTHSM, "centre", "qwave", pin_file);
}

static struct wrapped wrap(void)
{
    struct qw_custody custody = standard();
    struct wrapped w = { .len = 0 };
    qw_err err = custody.wrap(custody.self, kek, w.bytes, sizeof w.bytes, &w.len);

    if (err != QW_OK) {
        fail_msg("%s: %s", qw_err_text(err), qw_custody_why(&custody));
    }
    qw_custody_close(&custody);
    return w;
}

/* Takes the custody. */
static void unwraps_to(struct qw_custody custody, const struct wrapped *w, qw_err expected,
                       const char *sentence)
{
    uint8_t back[QW_KEK_LEN] = { 0 }, untouched[QW_KEK_LEN] = { 0 };
    qw_err err = custody.unwrap(custody.self, w->bytes, w->len, back);

    if (err != expected || strstr(qw_custody_why(&custody), sentence) == NULL) {
        fail_msg("%s: %s", qw_err_text(err), qw_custody_why(&custody));
    }
    assert_memory_equal(back, expected == QW_OK ? kek : untouched, sizeof back);
    qw_custody_close(&custody);
}

static void what_is_wrapped_unwraps(void **state)
{
    struct wrapped a = wrap();
    struct wrapped b = wrap();

    (void)state;
    assert_int_equal(a.len, WRAPPED_LEN);
    assert_int_equal(a.bytes[0], 0x50);
    assert_memory_equal(a.bytes, b.bytes, 18); /* the same key on the token */
    assert_memory_not_equal(a.bytes + 18, b.bytes + 18, 12);
    assert_null(memmem(a.bytes, a.len, kek, 8));
    unwraps_to(standard(), &a, QW_OK, "");
    unwraps_to(standard(), &b, QW_OK, "");
}

static void a_wrong_pin_is_refused(void **state)
{
    struct wrapped w = wrap();

    (void)state;
    unwraps_to(open_custody(SOFTHSM, "centre", "qwave", other_pin_file), &w, QW_ERR_REFUSED,
               "which counts wrong ones: token centre, module " SOFTHSM);
    unwraps_to(standard(), &w, QW_OK, "");
}

static void what_is_missing_is_named(void **state)
{
    struct wrapped w = wrap();
    struct wrapped elsewhere = { .len = 0 };
    struct qw_custody other = open_custody(SOFTHSM, "second", "qwave", pin_file);

    (void)state;
    unwraps_to(open_custody("/nowhere/module.so", "centre", "qwave", pin_file), &w, QW_ERR_IO,
               "no PKCS#11 module");
    unwraps_to(open_custody("/lib/x86_64-linux-gnu/libm.so.6", "centre", "qwave", pin_file), &w,
               QW_ERR_IO, "no PKCS#11 module");
    unwraps_to(open_custody(SOFTHSM, "centr", "qwave", pin_file), &w, QW_ERR_NOT_FOUND,
               "no token with this label");
    unwraps_to(open_custody(SOFTHSM, "twin", "qwave", pin_file), &w, QW_ERR_STATE, "several");
    assert_int_equal(
        other.wrap(other.self, kek, elsewhere.bytes, sizeof elsewhere.bytes, &elsewhere.len),
        QW_OK);
    unwraps_to(other, &w, QW_ERR_NOT_FOUND, "the key that wrapped the store's key is not on it");
    unwraps_to(standard(), &elsewhere, QW_ERR_NOT_FOUND, "is not on it");
}

static void every_flip_and_every_truncation_is_refused(void **state)
{
    struct wrapped w = wrap();
    struct qw_custody custody = standard();
    uint8_t back[QW_KEK_LEN] = { 0 };

    (void)state;
    for (size_t bit = 0; bit < 8 * w.len; bit++) {
        qw_err err;

        w.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        err = custody.unwrap(custody.self, w.bytes, w.len, back);
        assert_int_equal(err, bit < 16       ? QW_ERR_FORMAT
                              : bit / 8 < 18 ? QW_ERR_NOT_FOUND
                                             : QW_ERR_AUTH);
        w.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t cut = 0; cut < w.len; cut++) {
        assert_int_equal(custody.unwrap(custody.self, w.bytes, cut, back), QW_ERR_FORMAT);
    }
    assert_int_equal(custody.unwrap(custody.self, w.bytes, w.len + 1, back), QW_ERR_FORMAT);
    assert_int_equal(back[0], 0);
    unwraps_to(custody, &w, QW_OK, "");
}

/* Makes a key on the token "centre" as another program might. */
static void import_key(const char *label, CK_BBOOL extractable, size_t id_len)
{
    CK_RV (*get)(CK_FUNCTION_LIST * *list);
    CK_FUNCTION_LIST *call;
    void *library = dlopen(SOFTHSM, RTLD_NOW | RTLD_LOCAL);
    CK_SLOT_ID slots[8];
    CK_ULONG count = 8;
    CK_SESSION_HANDLE session;
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_AES;
    CK_BBOOL yes = CK_TRUE;
    uint8_t id[16] = { 1, 2, 3 };
    uint8_t value[32] = { 4 };
    CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof class },
                                { CKA_KEY_TYPE, &type, sizeof type },
                                { CKA_TOKEN, &yes, sizeof yes },
                                { CKA_PRIVATE, &yes, sizeof yes },
                                { CKA_SENSITIVE, &yes, sizeof yes },
                                { CKA_EXTRACTABLE, &extractable, sizeof extractable },
                                { CKA_ID, id, id_len },
                                { CKA_LABEL, (void *)label, strlen(label) },
                                { CKA_VALUE, value, sizeof value } };
    CK_OBJECT_HANDLE key;
    bool is_made = false;

    *(void **)&get = dlsym(library, "C_GetFunctionList");
    assert_int_equal(get(&call), CKR_OK);
    assert_int_equal(call->C_Initialize(NULL), CKR_OK);
    assert_int_equal(call->C_GetSlotList(CK_TRUE, slots, &count), CKR_OK);
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;

        assert_int_equal(call->C_GetTokenInfo(slots[i], &info), CKR_OK);
        if (strncmp((const char *)info.label, "centre ", 7) == 0) {
            assert_int_equal(call->C_OpenSession(slots[i], CKF_SERIAL_SESSION | CKF_RW_SESSION,
                                                 NULL, NULL, &session),
                             CKR_OK);
            assert_int_equal(call->C_Login(session, CKU_USER, (CK_UTF8CHAR *)"654321", 6), CKR_OK);
            assert_int_equal(call->C_CreateObject(session, template, 9, &key), CKR_OK);
            is_made = true;
        }
    }
    assert_true(is_made);
    assert_int_equal(call->C_Finalize(NULL), CKR_OK);
    dlclose(library);
}

static void a_key_that_could_be_read_out_is_not_used(void **state)
{
    struct qw_custody custody = open_custody(SOFTHSM, "centre", "open", pin_file);
    struct wrapped w = { .len = 77 };

    (void)state;
    import_key("open", CK_TRUE, 16);
    assert_int_equal(custody.wrap(custody.self, kek, w.bytes, sizeof w.bytes, &w.len),
                     QW_ERR_REFUSED);
    assert_non_null(strstr(qw_custody_why(&custody), "its key could be read out"));
    assert_int_equal(w.len, 77);
    qw_custody_close(&custody);
}

static void keys_with_one_label_are_not_guessed_at(void **state)
{
    struct qw_custody custody = open_custody(SOFTHSM, "centre", "twice", pin_file);
    struct wrapped w = { .len = 77 };

    (void)state;
    import_key("twice", CK_FALSE, 16);
    import_key("twice", CK_FALSE, 16);
    assert_int_equal(custody.wrap(custody.self, kek, w.bytes, sizeof w.bytes, &w.len),
                     QW_ERR_STATE);
    qw_custody_close(&custody);
    import_key("short id", CK_FALSE, 3);
    custody = open_custody(SOFTHSM, "centre", "short id", pin_file);
    assert_int_equal(custody.wrap(custody.self, kek, w.bytes, sizeof w.bytes, &w.len), QW_ERR_IO);
    qw_custody_close(&custody);
}

static void a_forked_process_begins_anew(void **state)
{
    struct wrapped w = wrap();
    pid_t child;
    int status;

    (void)state;
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct qw_custody custody = standard();
        uint8_t back[QW_KEK_LEN];
        qw_err err = custody.unwrap(custody.self, w.bytes, w.len, back);

        _exit(err == QW_OK && memcmp(back, kek, sizeof kek) == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    unwraps_to(standard(), &w, QW_OK, "");
}

static void a_module_in_use_by_others_stays_in_use(void **state)
{
    CK_RV (*get)(CK_FUNCTION_LIST * *list);
    CK_FUNCTION_LIST *call;
    void *library = dlopen(SOFTHSM, RTLD_NOW | RTLD_LOCAL);
    struct wrapped w = wrap();
    CK_INFO info;

    (void)state;
    *(void **)&get = dlsym(library, "C_GetFunctionList");
    assert_int_equal(get(&call), CKR_OK);
    assert_int_equal(call->C_Initialize(NULL), CKR_OK);
    unwraps_to(standard(), &w, QW_OK, "");
    assert_int_equal(call->C_GetInfo(&info), CKR_OK);
    assert_int_equal(call->C_Finalize(NULL), CKR_OK);
    unwraps_to(standard(), &w, QW_OK, "");
    dlclose(library);
}

static void a_pin_file_is_its_owners_alone(void **state)
{
    struct qw_custody_pkcs11_config config = {
        .module = SOFTHSM, .token = "centre", .key = "qwave", .pin_file = other_pin_file
    };
    struct qw_custody custody = { .name = "untouched" };

    (void)state;
    write_file(other_pin_file, "654321\n", 0640);
    assert_int_equal(qw_custody_pkcs11(&config, &custody), QW_ERR_REFUSED);
    write_file(other_pin_file, "654\n", 0600);
    assert_int_equal(qw_custody_pkcs11(&config, &custody), QW_ERR_FORMAT);
    config.pin_file = "/nowhere/pin";
    assert_int_equal(qw_custody_pkcs11(&config, &custody), QW_ERR_NOT_FOUND);
    config.pin_file = pin_file;
    config.token = "a label of thirty-three characters";
    assert_int_equal(qw_custody_pkcs11(&config, &custody), QW_ERR_ARG);
    config.token = "";
    assert_int_equal(qw_custody_pkcs11(&config, &custody), QW_ERR_ARG);
    assert_string_equal(custody.name, "untouched");
    write_file(other_pin_file, "123456\n", 0600);
}

static void a_locked_pin_is_named(void **state)
{
    struct wrapped w = wrap();

    (void)state;
    *shim_login_answer = CKR_PIN_LOCKED;
    unwraps_to(open_custody(PKCS11_SHIM, "centre", "qwave", pin_file), &w, QW_ERR_REFUSED,
               "the PIN is locked");
    *shim_login_answer = CKR_USER_ALREADY_LOGGED_IN; /* said, and not so: no right to the key */
    unwraps_to(open_custody(PKCS11_SHIM, "centre", "qwave", pin_file), &w, QW_ERR_NOT_FOUND, "");
    *shim_login_answer = CKR_OK;
    unwraps_to(open_custody(PKCS11_SHIM, "centre", "qwave", pin_file), &w, QW_OK, "");
}

/* Constructor, wrap with a key that is made for it, wrap with the same key, unwrap. */
static qw_err whole_life(int n)
{
    char label[16];
    struct qw_custody_pkcs11_config config = {
        .module = PKCS11_SHIM, .token = "centre", .key = label, .pin_file = pin_file
    };
    struct qw_custody custody = { .self = NULL };
    struct wrapped w = { .len = 0 };
    uint8_t back[QW_KEK_LEN] = { 0 };
    qw_err err;

    snprintf(label, sizeof label, "life %d", n);
    err = qw_custody_pkcs11(&config, &custody);
    for (int i = 0; i < 2 && err == QW_OK; i++) {
        err = custody.wrap(custody.self, kek, w.bytes, sizeof w.bytes, &w.len);
    }
    if (err == QW_OK) {
        err = custody.unwrap(custody.self, w.bytes, w.len, back);
    }
    if (err == QW_OK) {
        assert_memory_equal(back, kek, sizeof kek);
    }
    qw_custody_close(&custody);
    return err;
}

static void each_failing_step_is_an_error(void **state)
{
    qw_err err = QW_ERR_IO;
    int n;

    (void)state;
    for (n = 1; n < 100 && err != QW_OK; n++) {
        fail_nth = n;
        err = whole_life(n);
    }
    fail_nth = 0;
    assert_int_equal(err, QW_OK);
    assert_true(n > 5);
    err = QW_ERR_IO;
    for (n = 1; n < 100 && err != QW_OK; n++) {
        *shim_fail_nth = n;
        err = whole_life(100 + n);
    }
    assert_true(*shim_fail_nth > 0); /* it was not reached: nothing was left that could fail */
    *shim_fail_nth = 0;
    assert_int_equal(err, QW_OK);
    assert_true(n > 30);
}

static int make_scene(void **state)
{
    char path[64];
    void *shim = dlopen(PKCS11_SHIM, RTLD_NOW | RTLD_LOCAL);

    (void)state;
    assert_non_null(shim);
    shim_fail_nth = dlsym(shim, "shim_fail_nth");
    shim_login_answer = dlsym(shim, "shim_login_answer");
    assert_non_null(shim_fail_nth);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "directories.tokendir = %s/tokens\n", folder);
    snprintf(pin_file, sizeof pin_file, "%s/softhsm2.conf", folder);
    write_file(pin_file, path, 0600);
    assert_int_equal(setenv("SOFTHSM2_CONF", pin_file, 1), 0);
    snprintf(path, sizeof path, "%s/tokens", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(pin_file, sizeof pin_file, "%s/pin", folder);
    snprintf(other_pin_file, sizeof other_pin_file, "%s/other", folder);
    write_file(pin_file, "654321\nsecond line, not read\n", 0600);
    write_file(other_pin_file, "123456\n", 0600);
    make_token("centre");
    make_token("second");
    make_token("twin");
    make_token("twin");
    return 0;
}

static int remove_scene(void **state)
{
    char command[64];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrapped_unwraps),
        cmocka_unit_test(a_wrong_pin_is_refused),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(every_flip_and_every_truncation_is_refused),
        cmocka_unit_test(a_key_that_could_be_read_out_is_not_used),
        cmocka_unit_test(keys_with_one_label_are_not_guessed_at),
        cmocka_unit_test(a_forked_process_begins_anew),
        cmocka_unit_test(a_module_in_use_by_others_stays_in_use),
        cmocka_unit_test(a_pin_file_is_its_owners_alone),
        cmocka_unit_test(a_locked_pin_is_named),
        cmocka_unit_test(each_failing_step_is_an_error),
    };

    if (access(SOFTHSM, R_OK) != 0 || access("/usr/bin/softhsm2-util", X_OK) != 0) {
        print_message("skipped: softhsm2 is not installed\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, make_scene, remove_scene);
}
