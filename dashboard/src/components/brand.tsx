/** The product's mark. */
export function BrandMark({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--mantine-primary-color-filled)" />
      <path
        d="M9 11h6a4 4 0 0 1 4 4v2a4 4 0 0 0 4 4"
        fill="none"
        stroke="#fff"
        strokeWidth="2.6"
        strokeLinecap="round"
      />
      <circle cx="9" cy="11" r="2.6" fill="#fff" />
      <circle cx="23" cy="21" r="2.6" fill="#fff" />
    </svg>
  );
}
