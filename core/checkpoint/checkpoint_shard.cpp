#include "core/checkpoint/checkpoint_shard.hpp"

#include <vector>

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/data/hdf5.hpp"

namespace pagewright {

namespace {

std::string array_path(const std::string& group, const std::string& name, std::int64_t begin) {
  return begin == 0 ? fmt::format("arrays/{}/{}", group, name)
                    : fmt::format("arrays/{}/{}@{}", group, name, begin);
}

void write_blobs(Hdf5File& file, const std::map<std::string, std::string>& blobs) {
  std::vector<std::string> names, values;
  for (const auto& [name, bytes] : blobs) {
    names.push_back(name);
    values.push_back(bytes);
  }
  file.write_strings("blobs/names", names);
  file.write_strings("blobs/values", values);
}

void read_blobs(const Hdf5File& file, std::map<std::string, std::string>& blobs) {
  const auto names = file.read_strings("blobs/names"), values = file.read_strings("blobs/values");
  const std::string path = file.path().string();
  require(names.size() == values.size(), "{}: {} names for {} blobs", path, names.size(), values.size());
  for (std::size_t i = 0; i < names.size(); ++i)
    require(blobs.emplace(names[i], values[i]).second, "{}: {} is there twice", path, names[i]);
}

}  // namespace

std::string checkpoint_shard_name(int shard) {
  return fmt::format("shard-{:04}.h5", shard);
}

void write_checkpoint_shard(const std::filesystem::path& folder, int shard, const Checkpoint& part) {
  const std::filesystem::path path = folder / checkpoint_shard_name(shard);
  Hdf5File file = Hdf5File::create(path);
  file.set_attribute("format", "pagewright-checkpoint-shard");
  file.set_attribute("format_version", std::int64_t{kCheckpointVersion});
  std::vector<std::string> groups;
  for (const auto& [group, arrays] : part.arrays) {
    groups.push_back(group);
    std::vector<std::string> names;
    std::vector<std::int64_t> shapes, shape_offsets{0}, begins;
    for (const NamedArray& array : arrays) {
      names.push_back(array.name);
      shapes.insert(shapes.end(), array.shape.begin(), array.shape.end());
      shape_offsets.push_back(static_cast<std::int64_t>(shapes.size()));
      begins.push_back(array.begin);
      file.write(array_path(group, array.name, array.begin), array.values);
    }
    file.write_strings("names/" + group, names);
    file.write("shapes/" + group + "/sizes", shapes);
    file.write("shapes/" + group + "/offsets", shape_offsets);
    file.write("shapes/" + group + "/begins", begins);
  }
  file.write_strings("groups", groups);
  write_blobs(file, part.blobs);
  if (shard == 0) file.write_strings("metrics", part.metrics);
  file.close();
  sync_to_disk(path);
}

void read_checkpoint_shard(const std::filesystem::path& path, Checkpoint& checkpoint) {
  const Hdf5File file = Hdf5File::open(path);
  for (const std::string& group : file.read_strings("groups")) {
    const auto names = file.read_strings("names/" + group);
    const auto shapes = file.read<std::int64_t>("shapes/" + group + "/sizes");
    const auto offsets = file.read<std::int64_t>("shapes/" + group + "/offsets");
    const std::string begin_path = "shapes/" + group + "/begins";
    const auto begins = file.has(begin_path) ? file.read<std::int64_t>(begin_path)
                                             : std::vector<std::int64_t>(names.size(), 0);
    require(offsets.size() == names.size() + 1 && begins.size() == names.size(),
            "{}: group {} has {} shapes and {} places for {} arrays", path.string(), group,
            offsets.size() - 1, begins.size(), names.size());
    std::vector<NamedArray>& arrays = checkpoint.arrays[group];
    for (std::size_t i = 0; i < names.size(); ++i)
      arrays.push_back({names[i],
                        {shapes.begin() + offsets[i], shapes.begin() + offsets[i + 1]},
                        file.read<float>(array_path(group, names[i], begins[i])),
                        begins[i]});
  }
  if (file.has("blobs")) read_blobs(file, checkpoint.blobs);
  if (file.has("metrics")) checkpoint.metrics = file.read_strings("metrics");
}

}  // namespace pagewright
