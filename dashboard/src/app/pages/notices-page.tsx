/** The inbox. */
import { Page } from "@/components/page";
import { NoticeList } from "@/features/notices/notice-list";

export function NoticesPage() {
  return (
    <Page narrow title="Notices">
      <NoticeList />
    </Page>
  );
}
