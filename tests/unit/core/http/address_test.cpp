#include "core/http/address.hpp"

#include <doctest/doctest.h>
#include <utility>
#include <vector>

using namespace runagents::http;

TEST_CASE("addresses are classified by where they lead") {
  using enum AddressClass;
  const std::vector<std::pair<const char*, AddressClass>> cases = {
      {"8.8.8.8", global},
      {"1.1.1.1", global},
      {"100.63.255.255", global},
      {"100.128.0.0", global},
      {"172.15.255.255", global},
      {"172.32.0.0", global},
      {"192.169.0.0", global},
      {"198.17.255.255", global},
      {"2606:4700::1111", global},
      {"::ffff:8.8.8.8", global},
      {"64:ff9b::808:808", global},
      {"2002:808:808::", global},
      {"127.0.0.1", internal},
      {"127.255.255.255", internal},
      {"10.0.0.1", internal},
      {"172.16.0.1", internal},
      {"172.31.255.255", internal},
      {"192.168.1.1", internal},
      {"100.64.0.1", internal},
      {"100.127.255.254", internal},
      {"198.18.0.1", internal},
      {"::1", internal},
      {"fc00::1", internal},
      {"fd12:3456::1", internal},
      {"::ffff:10.0.0.1", internal},
      {"::ffff:127.0.0.1", internal},
      {"64:ff9b::a00:1", internal},
      {"2002:a00:1::", internal},
      {"64:ff9b:1::1", internal},
      {"0.0.0.0", forbidden},
      {"169.254.169.254", forbidden},
      {"169.254.0.1", forbidden},
      {"100.100.100.200", forbidden},
      {"168.63.129.16", forbidden},
      {"192.0.0.192", forbidden},
      {"192.0.2.1", forbidden},
      {"198.51.100.1", forbidden},
      {"203.0.113.1", forbidden},
      {"224.0.0.1", forbidden},
      {"240.0.0.1", forbidden},
      {"255.255.255.255", forbidden},
      {"::", forbidden},
      {"::7f00:1", forbidden},
      {"fe80::1", forbidden},
      {"ff02::1", forbidden},
      {"fd00:ec2::254", forbidden},
      {"2001:db8::1", forbidden},
      {"2001:0:1::", forbidden},
      {"::ffff:169.254.169.254", forbidden},
      {"64:ff9b::a9fe:a9fe", forbidden},
      {"2002:a9fe:a9fe::", forbidden},
  };
  for (const auto& [text, expected] : cases) {
    CHECK_MESSAGE(classify(boost::asio::ip::make_address(text)) == expected, text);
  }
}
