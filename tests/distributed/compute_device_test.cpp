#include "distributed/compute_device.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

AcceleratorReport report_of(int devices) {
  AcceleratorReport report;
  report.cuda = "13.0";
  report.no_device = "no CUDA-capable device is detected";
  for (int i = 0; i < devices; ++i) {
    report.devices.push_back("card");
    report.addresses.push_back("0000:0" + std::to_string(i) + ":00.0");
  }
  return report;
}

}  // namespace

TEST_CASE("ranks take the devices of their machine in turn") {
  const AcceleratorReport four = report_of(4);
  CHECK(compute_device(DeviceChoice::cpu, four, 0).is_cpu());
  for (int place = 0; place < 4; ++place)
    CHECK(compute_device(DeviceChoice::cuda, four, place) ==
          c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(place)));
  CHECK(compute_device(DeviceChoice::automatic, four, 5) == c10::Device(c10::kCUDA, 1));
  // One device is visible to each rank: the address tells whose it is.
  CHECK(compute_device(DeviceChoice::cuda, report_of(1), 3) == c10::Device(c10::kCUDA, 0));
  CHECK(device_address(c10::Device(c10::kCUDA, 2), four, "node7") == "0000:02:00.0 of node7");
  CHECK(device_address(c10::kCPU, four, "node7").empty());
}

TEST_CASE("a device that is not there is an error that says what to do") {
  CHECK(compute_device(DeviceChoice::automatic, report_of(0), 0).is_cpu());
  CHECK(compute_device(DeviceChoice::automatic, {}, 0).is_cpu());
  CHECK(test::contains(test::error_text([] { compute_device(DeviceChoice::cuda, report_of(0), 0); }),
                       "no CUDA-capable device is detected"));
  CHECK(test::contains(test::error_text([] { compute_device(DeviceChoice::cuda, {}, 0); }), "--cuda on"));
}

TEST_CASE("this machine has what the choice needs, or says what it lacks") {
  const AcceleratorReport found = find_accelerators();
  CHECK(found.devices.size() == found.addresses.size());
  if (found.devices.empty())
    CHECK(test::contains(test::error_text([&] { compute_device(DeviceChoice::cuda, found, 0); }),
                         "set device: cpu"));
  else
    CHECK(compute_device(DeviceChoice::cuda, found, 0).is_cuda());
}

}  // namespace pagewright
