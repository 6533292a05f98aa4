// `pagewright doctor`: is this machine fit for a run?

#include <filesystem>
#include <thread>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>
#include <CLI/CLI.hpp>
#include <fmt/ranges.h>
#include <hdf5.h>
#include <torch/csrc/api/include/torch/version.h>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/rng.hpp"
#include "core/base/table.hpp"
#include "core/model/row_linear.hpp"
#include "core/numerics/numeric_threads.hpp"
#include "distributed/accelerator.hpp"
#include "launch/verbs.hpp"

namespace pagewright {

namespace {

/// Whether a product's rows keep their bits when fewer rows are multiplied.
bool rows_are_invariant() {
  CounterRandom random(1, RandomStream::controls);
  at::Tensor input = at::zeros({37, 48});   // [rows, in]
  at::Tensor weight = at::zeros({33, 48});  // [out, in]
  for (at::Tensor* tensor : {&input, &weight}) {
    float* values = tensor->data_ptr<float>();
    for (std::int64_t i = 0; i < tensor->numel(); ++i) values[i] = static_cast<float>(random.normal());
  }
  const at::Tensor all = row_linear(input, weight, {});
  for (std::int64_t rows : {1, 2, 3, 4, 5, 16, 36})
    if (!at::equal(row_linear(input.narrow(0, 0, rows).contiguous(), weight, {}), all.narrow(0, 0, rows)))
      return false;
  return true;
}

std::string hdf5_version() {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return fmt::format("{}.{}.{}", major, minor, release);
}

/// "writable, 53 GB free", or an Error.
std::string check_folder(const std::filesystem::path& folder) {
  const std::filesystem::path probe = folder / ".pagewright-doctor";
  write_file_atomically(probe, "probe");
  std::filesystem::remove(probe);
  return fmt::format("writable, {:.0f} GB free",
                     static_cast<double>(std::filesystem::space(folder).available) / 1e9);
}

std::string cuda_finding(const AcceleratorReport& report) {
  if (report.cuda.empty()) return "not in this build, which computes on the CPU";
  if (report.devices.empty()) return fmt::format("{}, no device: {}", report.cuda, report.no_device);
  return fmt::format("{}, {} device(s): {}", report.cuda, report.devices.size(),
                     fmt::join(report.devices, "; "));
}

class Findings {
 public:
  void add(const std::string& what, bool good, const std::string& found) {
    table_.add_row({good ? "ok" : "PROBLEM", what, found});
    problems_ += good ? 0 : 1;
  }
  std::string text() const { return table_.to_string(); }
  int problems() const { return problems_; }

 private:
  Table table_{{"", "what", "found"}};
  int problems_ = 0;
};

void run_doctor(const std::filesystem::path& folder) {
  use_one_numeric_thread();
  Findings findings;
  findings.add("processor cores", true, fmt::format("{}", std::thread::hardware_concurrency()));
  findings.add("instruction set", true, at::get_cpu_capability());
  findings.add("libtorch", TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 9, TORCH_VERSION);
  findings.add("HDF5", true, hdf5_version());
  const AcceleratorReport accelerators = find_accelerators();
  findings.add("CUDA", true, cuda_finding(accelerators));
  findings.add("NCCL", true, accelerators.nccl.empty() ? "not in this build" : accelerators.nccl);
  const bool invariant = rows_are_invariant();
  findings.add(
      "row invariance", invariant,
      invariant
          ? "a row's bits do not depend on the rows beside it"
          : "rows of a matrix product change with the rows beside them: runs cannot be repeated bit for bit");
  findings.add("numeric fingerprint", true, numeric_fingerprint().substr(0, 16));
  try {
    findings.add("folder " + folder.string(), true, check_folder(folder));
  } catch (const Error& error) {
    findings.add("folder " + folder.string(), false, error.what());
  }
  fmt::print("{}", findings.text());
  require(findings.problems() == 0, "{} problem(s) found", findings.problems());
}

}  // namespace

void add_doctor_verb(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("doctor", "check libraries, arithmetic and disk of this machine");
  auto folder = std::make_shared<std::filesystem::path>(".");
  verb->add_option("FOLDER", *folder, "folder that runs will be written to")->capture_default_str();
  verb->callback([folder] { run_doctor(*folder); });
}

}  // namespace pagewright
