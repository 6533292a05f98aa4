#include "core/checkpoint/checkpoint_store.hpp"

#include <filesystem>
#include <fstream>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/checkpoint/checkpoint_shard.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {

namespace {

Checkpoint checkpoint_at(std::int64_t iteration) {
  Checkpoint checkpoint;
  checkpoint.iteration = iteration;
  const auto value = static_cast<float>(iteration);
  checkpoint.arrays["parameters"] = {{"model.embed_tokens.weight", {2, 3}, {value, 1, 2, 3, 4, 0.1F}},
                                     {"model.norm.weight", {1}, {1}}};
  checkpoint.arrays["exp_avg"] = {{"model.embed_tokens.weight", {2, 3}, {0, 0, 0, 0, 0, 1e-20F}},
                                  {"model.norm.weight", {1}, {0}}};
  checkpoint.numbers = {{"kl_coefficient", 0.1}, {"optimizer_step", 4.0 * static_cast<double>(iteration)}};
  checkpoint.metrics = {"{\"iteration\":1}", "{\"iteration\":2}"};
  return checkpoint;
}

const RunIdentity kIdentity{"configuration-hash", "language-hash", "fingerprint"};

void flip_byte(const std::filesystem::path& path, std::streamoff offset_from_end) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(-offset_from_end, std::ios::end);
  const auto position = file.tellg();
  const int byte = file.get();
  file.seekp(position);
  file.put(static_cast<char>(byte ^ 0x40));
}

}  // namespace

TEST_CASE("a checkpoint reads back as it was written, the newest first, and only the last ones are kept") {
  const test::TemporaryFolder folder;
  const CheckpointStore store(folder.path() / "checkpoints", kIdentity, 2);
  CHECK_FALSE(store.load_latest().has_value());
  for (std::int64_t iteration : {1, 2, 10}) store.save(checkpoint_at(iteration));
  REQUIRE(store.folders().size() == 2);
  CHECK(store.folders().front().filename() == "step-00000002");
  const auto loaded = store.load_latest();
  REQUIRE(loaded.has_value());
  CHECK(*loaded == checkpoint_at(10));
  CHECK(hash_checkpoint(*loaded).state == hash_checkpoint(checkpoint_at(10)).state);
}

TEST_CASE("the best checkpoint is kept beside the last ones, and another store finds it again") {
  const test::TemporaryFolder folder;
  const CheckpointStore store(folder.path(), kIdentity, 2);
  const auto save = [](const CheckpointStore& to, std::int64_t iteration,
                       std::optional<CheckpointReward> reward) {
    Checkpoint checkpoint = checkpoint_at(iteration);
    checkpoint.reward = std::move(reward);
    to.save(checkpoint);
  };
  const auto names = [&] {
    std::string all;
    for (const auto& found : store.folders()) all += found.filename().string().substr(11) + " ";
    return all;
  };
  save(store, 1, CheckpointReward{"held_out_reward", 1});
  save(store, 2, CheckpointReward{"held_out_reward", 3});
  save(store, 3, CheckpointReward{"held_out_reward", 2});
  save(store, 4, std::nullopt);
  CHECK(names() == "02 03 04 ");
  const CheckpointStore resumed(folder.path(), kIdentity, 2);
  REQUIRE(resumed.best().has_value());
  CHECK(resumed.best()->folder == store.folder_of(2));
  CHECK(resumed.best()->reward == CheckpointReward{"held_out_reward", 3});
  CHECK(resumed.load_latest()->iteration == 4);

  SECTION("of equals the earliest stays, and a better one takes its place") {
    save(resumed, 5, CheckpointReward{"held_out_reward", 3});
    CHECK(names() == "02 04 05 ");
    save(resumed, 6, CheckpointReward{"held_out_reward", 3.5});
    CHECK(names() == "05 06 ");
  }
  SECTION("rewards of another metric are not compared") {
    save(resumed, 5, CheckpointReward{"reward", -7});
    CHECK(names() == "04 05 ");
    CHECK(resumed.best()->folder == store.folder_of(5));
  }
  SECTION("one with a damaged manifest is no more the best") {
    std::filesystem::resize_file(store.folder_of(2) / "manifest.json", 20);
    CHECK(resumed.best()->folder == store.folder_of(3));
  }
  SECTION("it goes like the others where it is not wanted") {
    const CheckpointStore newest_only(folder.path(), kIdentity, 2, false);
    save(newest_only, 5, std::nullopt);
    CHECK(names() == "04 05 ");
  }
}

TEST_CASE("the hash of parameters sees parameters alone, the hash of the state sees everything") {
  const Checkpoint one = checkpoint_at(3);
  Checkpoint other = one;
  other.numbers["kl_coefficient"] = 0.2;
  CHECK(hash_checkpoint(one).parameters == hash_checkpoint(other).parameters);
  CHECK(hash_checkpoint(one).state != hash_checkpoint(other).state);
  other = one;
  other.metrics.back() += " ";
  CHECK(hash_checkpoint(one).state != hash_checkpoint(other).state);
  other = one;
  other.arrays["exp_avg"][1].values[0] = 1e-30F;
  CHECK(hash_checkpoint(one).parameters == hash_checkpoint(other).parameters);
  CHECK(hash_checkpoint(one).state != hash_checkpoint(other).state);
  other = one;
  other.reward = CheckpointReward{"held_out_reward", 1};
  CHECK(hash_checkpoint(one) == hash_checkpoint(other));
  other = one;
  other.arrays["parameters"][0].shape = {3, 2};
  CHECK(hash_checkpoint(one).parameters != hash_checkpoint(other).parameters);
}

TEST_CASE("a damaged checkpoint is passed over for the one before it") {
  const test::TemporaryFolder folder;
  const CheckpointStore store(folder.path(), kIdentity, 3);
  store.save(checkpoint_at(1));
  store.save(checkpoint_at(2));
  const std::filesystem::path newest = store.folders().back();
  SECTION("a flipped bit in an array") {
    const std::string shard = read_file(newest / "shard-0000.h5");
    const auto at = shard.find(std::string("\xcd\xcc\xcc\x3d", 4));  // 0.1F
    REQUIRE(at != std::string::npos);
    flip_byte(newest / "shard-0000.h5", static_cast<std::streamoff>(shard.size() - at));
  }
  SECTION("a shard cut short") {
    std::filesystem::resize_file(newest / "shard-0000.h5",
                                 std::filesystem::file_size(newest / "shard-0000.h5") / 2);
  }
  SECTION("a shard that is missing") {
    std::filesystem::remove(newest / "shard-0000.h5");
  }
  SECTION("a manifest cut short") {
    std::filesystem::resize_file(newest / "manifest.json", 20);
  }
  SECTION("a manifest that is missing") {
    std::filesystem::remove(newest / "manifest.json");
  }
  const auto loaded = store.load_latest();
  REQUIRE(loaded.has_value());
  CHECK(loaded->iteration == 1);
}

TEST_CASE("when every checkpoint is damaged an error says so") {
  const test::TemporaryFolder folder;
  const CheckpointStore store(folder.path(), kIdentity, 3);
  store.save(checkpoint_at(1));
  std::filesystem::remove(store.folders().back() / "shard-0000.h5");
  CHECK_THROWS_AS(store.load_latest(), Error);
}

TEST_CASE("a checkpoint of format version 1, with one shard of whole arrays, is read") {
  const CheckpointStore store(std::filesystem::path(PAGEWRIGHT_TEST_DATA) / "checkpoint-v1", kIdentity, 2);
  const auto loaded = store.load_latest();
  REQUIRE(loaded.has_value());
  CHECK(*loaded == checkpoint_at(3));
}

TEST_CASE("a checkpoint of format version 2, with parts of arrays in two shards, is read") {
  const CheckpointStore store(std::filesystem::path(PAGEWRIGHT_TEST_DATA) / "checkpoint-v2", kIdentity, 2);
  const auto loaded = store.load_latest();
  REQUIRE(loaded.has_value());
  CHECK(*loaded == checkpoint_at(3));
}

TEST_CASE("blobs of several ranks come together, whatever bytes they hold, and count in the state's hash") {
  const test::TemporaryFolder folder;
  const CheckpointStore store(folder.path(), kIdentity, 2);
  Checkpoint whole = checkpoint_at(5);
  const std::string plain = hash_checkpoint(whole).state;
  whole.blobs = {{"pages/1/lane-0", std::string("a\0b", 3)}, {"pages/1/lane-1", ""}, {"pages/2", "\xff"}};
  CHECK(hash_checkpoint(whole).state != plain);
  CHECK(hash_checkpoint(whole).parameters == hash_checkpoint(checkpoint_at(5)).parameters);
  Checkpoint first = whole, second = whole;
  first.blobs.erase("pages/1/lane-1");
  second.arrays.clear();
  second.blobs = {{"pages/1/lane-1", ""}};
  const auto write = [&] {
    const auto target = store.begin(5);
    write_checkpoint_shard(target->path(), 0, first);
    write_checkpoint_shard(target->path(), 1, second);
    store.finish(*target, whole, 2, hash_checkpoint(whole));
  };
  write();
  CHECK(store.load(store.folder_of(5)) == whole);
  second.blobs = {{"pages/2", "\xff"}};
  write();
  CHECK(test::error_text([&] { store.load(store.folder_of(5)); }).find("pages/2 is there twice") !=
        std::string::npos);
}

TEST_CASE("parts of an array that several ranks wrote come together, and a gap is named") {
  const test::TemporaryFolder folder;
  const CheckpointStore store(folder.path(), kIdentity, 2);
  Checkpoint whole = checkpoint_at(5), first = whole, second = whole;
  for (auto& [group, arrays] : first.arrays) arrays[0].values.resize(4);
  for (auto& [group, arrays] : second.arrays) {
    arrays.resize(1);
    arrays[0].begin = 4;
    arrays[0].values.erase(arrays[0].values.begin(), arrays[0].values.begin() + 4);
  }
  const auto write = [&](int shards) {
    const auto target = store.begin(5);
    write_checkpoint_shard(target->path(), 0, first);
    if (shards == 2) write_checkpoint_shard(target->path(), 1, second);
    store.finish(*target, whole, shards, hash_checkpoint(whole));
  };
  write(2);
  CHECK(store.load(store.folder_of(5)) == whole);
  write(1);
  CHECK(test::error_text([&] { store.load(store.folder_of(5)); }).find("has 4 of its 6 elements") !=
        std::string::npos);
}

TEST_CASE("a checkpoint of another configuration or of a newer format is refused by name") {
  const test::TemporaryFolder folder;
  const CheckpointStore store(folder.path(), kIdentity, 3);
  store.save(checkpoint_at(1));
  const CheckpointStore other(folder.path(), {"another", kIdentity.language, kIdentity.fingerprint}, 3);
  CHECK(test::error_text([&] { other.load_latest(); }).find("another configuration") != std::string::npos);

  const std::filesystem::path manifest = store.folders().back() / "manifest.json";
  std::string text = read_file(manifest);
  text.replace(text.find("\"version\": 3"), 12, "\"version\": 9");
  write_file_atomically(manifest, text);
  CHECK(test::error_text([&] { store.load_latest(); }).find("newer than this program knows") !=
        std::string::npos);
}

}  // namespace pagewright
